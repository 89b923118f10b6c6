"""A dump shows one moment: frames, their lines and what is waited for belong together."""

import io
import itertools
import re
import sys
import textwrap

import pytest
import raddle
from programs import PLAIN, Folder, environment

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


AGAIN = """
import os, sys, threading, time
import raddle, raddle._diagnose.program.stack as stack

lock = threading.Lock()

def plain():
    lock.acquire()

def split():
    (lock
        .acquire())

def block():
    with lock:
        pass

def hold(again):
    lock.acquire()
    try:
        again()
    finally:
        lock.release()

def deeper(times):
    with lock:
        deeper(times - 1)

def loop():
    while True:
        lock.acquire()

way = sys.argv[1]
target, given = {"deeper": (deeper, (1,)), "loop": (loop, ())}.get(way, (hold, ()))
given = given if target is not hold else (globals()[way],)
def start(target, name, *args):
    threading.Thread(target=target, args=args, name=name, daemon=True).start()
    while name not in [stack.name_of(each[0]) for each in raddle._raddle._waits()]:
        time.sleep(0.001)
start(target, "holder", *given)
start(plain, "other")
raddle.dump(sys.stdout)
"""

HELD = {
    "plain": "holds lock (app.py:19)",
    "split": "holds lock (app.py:19)",
    "block": "holds lock (app.py:19)",
    "deeper": "holds lock (app.py:26, in an outer call)",
    "loop": "holds lock",
}


@pytest.mark.parametrize("way", HELD)
def test_a_lock_is_not_held_where_it_is_awaited(way, tmp_path):
    folder = Folder(tmp_path)
    command = [*PLAIN, folder.write(AGAIN), way]
    done = folder.run(*command, env=environment(RADDLE="1", RADDLE_ON_DEADLOCK="ignore"))
    assert done.returncode == 0, done
    holds = re.findall(r"^      (holds .*)$", done.stdout, re.MULTILINE)
    assert holds == [HELD[way]]
    assert re.search(r"holder \(.*\) waits for lock \(Lock\), held by holder, for", done.stdout)


def test_a_report_does_not_say_so_either(tmp_path):
    folder = Folder(tmp_path)
    told = """
    def tell(report):
        print({each["thread"]: each["held"] for each in report.threads}, flush=True)
        os._exit(0)

    raddle.configure(on_deadlock=tell)
    lock.acquire()
    """
    source = AGAIN.replace("raddle.dump(sys.stdout)\n", textwrap.dedent(told))
    command = [*PLAIN, folder.write(source), "plain"]
    done = folder.run(*command, env=environment(RADDLE="1"))
    taken = dict.fromkeys(["MainThread", "holder", "other"], "app.py:19")
    assert done.stdout == f"{taken}\n", done
