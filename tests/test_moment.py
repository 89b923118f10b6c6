"""A dump shows one moment: frames, their lines and what is waited for belong together."""

import io
import itertools
import re
import sys

import pytest
import raddle

pytestmark = pytest.mark.raddle_only
DEPTH = 12
DUMPS = 100


class Walker:
    """Calls two functions in turn, deep down; each calls in every line but one function."""

    def __init__(self):
        self.go = True

    def run(self):
        while self.go:
            self.left(DEPTH)

    def left(self, depth):
        if depth == 0:
            return self.work_left()
        self.left(depth - 1)
        self.right(depth - 1)
        return None

    def right(self, depth):
        if depth == 0:
            return self.work_right()
        self.right(depth - 1)
        self.left(depth - 1)
        return None

    def work_left(self):
        return sum(range(9))

    def work_right(self):
        return max(range(9))


def stacks(text):
    """Return each thread's calls of a Walker in a dump: (function, source), innermost first."""
    for part in re.split(r"\n  (?=\S)", text):
        yield re.findall(r"\n      \S+:\d+ in Walker\.(\w+)\n          (.+)", part)


@pytest.fixture
def often():
    """Have the threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def test_the_lines_of_a_stack_are_of_one_moment(spawn, often):
    walkers = [Walker() for _ in range(3)]
    for each in walkers:
        spawn(each.run)
    seen, torn = 0, []
    try:
        for _ in range(DUMPS):
            out = io.StringIO()
            raddle.dump(out)
            for stack in stacks(out.getvalue()):
                for (inner, _), (_, line) in itertools.pairwise(stack):
                    seen += 1
                    if f"self.{inner}(" not in line:
                        torn.append(stack)
    finally:
        for each in walkers:
            each.go = False
    assert seen > DUMPS
    assert torn == [], f"{len(torn)} of {seen}: {torn[0]}"
