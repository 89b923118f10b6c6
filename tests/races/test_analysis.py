"""What is read off bytecode: how deep the stack is, and which writes belong to which reads."""

import dis
import glob
import os
import sysconfig
import textwrap

import pytest
from raddle._diagnose.race import settings

pytestmark = [
    pytest.mark.raddle_only,
    pytest.mark.skipif(settings.refusal() is not None, reason=str(settings.refusal())),
]
if settings.refusal() is None:
    from raddle._diagnose.race import accesses, flow

# Of the standard library: enough for every instruction, few enough for a second or two.
FILES = (
    "[a-c]*.py",
    "asyncio/[a-l]*.py",
    "concurrent/futures/*.py",
    "email/_*.py",
    "logging/__init__.py",
    "tarfile.py",
    "threading.py",
    "typing.py",
)


def library():
    """Yield the code objects of a part of the standard library, with a name for each."""
    home = sysconfig.get_path("stdlib")
    for pattern in FILES:
        for file in sorted(glob.glob(os.path.join(home, pattern))):
            with open(file, encoding="utf-8") as source:
                code = compile(source.read(), file, "exec")
            for each in accesses.nested(code):
                yield f"{os.path.basename(file)}:{each.co_firstlineno} {each.co_qualname}", each


def test_the_stack_is_as_deep_as_the_interpreter_says(monkeypatch):
    """At merges from all sides alike, within what a frame has room for, and 1 at the end."""
    wrong, uneven, seen, known = [], [], 0, flow._merge

    def merge(one, other):
        if len(one[0]) != len(other[0]):
            uneven.append((name, len(one[0]), len(other[0])))
        return known(one, other)

    monkeypatch.setattr(flow, "_merge", merge)
    for name, code in library():
        found = flow.Flow(code, lambda op: False)
        seen += 1
        offsets = [op.offset for block in found.blocks for op in block.ops]
        assert offsets == [op.offset for op in dis.get_instructions(code)], name
        for block in found.blocks:
            for op in block.ops:
                depth = found.depths.get(op.offset)
                if depth is None:
                    continue  # No way leads there.
                at_end = op.opname == "RETURN_VALUE" and depth != 1
                if at_end or not 0 <= depth <= code.co_stacksize:
                    wrong.append((name, op.opname, op.offset, depth, code.co_stacksize))
    assert (wrong, uneven) == ([], [])
    assert seen > 1500


# Links: (what is written, where it was read, how they belong together)

HOW = (
    {accesses.UPDATE: "update", accesses.CHECK: "check", accesses.ABSENT: "absent"}
    if (settings.refusal() is None)
    else {}
)


class Every:
    def __contains__(self, name):
        return True


def links(source, function="f"):
    """Return the links of a function, as texts: "write@line <- read@line how"."""
    code = compile(textwrap.dedent(source).strip("\n"), "app.py", "exec")
    [code] = [each for each in accesses.nested(code) if each.co_name == function]
    names = accesses.Names.of_nothing()
    names.attr = names.globals = names.deref = Every()
    entries = {entry[0]: entry for entry in accesses.of(code, names)}
    lines = {op.offset: op.positions.lineno for op in dis.get_instructions(code)}

    def said(offset):
        _, what, _, _, name, *_ = entries[offset]
        return f"{what}{f' {name}' if name else ''} {lines[offset]}"

    # (Up to 3.13 a loop has its test twice: before it, and at its end.)
    return sorted(
        {
            f"{said(offset)} <- {said(read)} {HOW[how]}"
            for offset, entry in entries.items()
            for read, how in entry[-1]
        }
    )


LINKS = {
    "an attribute, updated in place": (
        """
        def f(self):
            self.n += 1
        """,
        ["store_attr n 2 <- load_attr n 2 update"],
    ),
    "read here and written there": (
        """
        def f(self):
            n = self.n
            n = max(n, 3)
            self.n = n + 1
        """,
        ["store_attr n 4 <- load_attr n 2 update"],
    ),
    "what is not made of it": (
        """
        def f(self):
            n = self.n
            print(n)
            self.n = 0
        """,
        [],
    ),
    "a global": (
        """
        def f():
            global hits
            hits += 1
        """,
        ["store_global hits 3 <- load_global hits 3 update"],
    ),
    "a cell": (
        """
        def g():
            n = 0
            def f():
                nonlocal n
                n += 1
        """,
        ["store_deref n 5 <- load_deref n 5 update"],
    ),
    "an item": (
        """
        def f(counts, key):
            counts[key] += 1
        """,
        ["store_item 2 <- load_item 2 update"],
    ),
    "a swap": (
        """
        def f(self):
            self.a, self.b = self.b, self.a
        """,
        [
            "store_attr a 2 <- load_attr a 2 update",
            "store_attr b 2 <- load_attr b 2 update",
        ],
    ),
    "checked, then acted upon": (
        """
        def f(self):
            if self.x is None:
                self.x = 1
        """,
        ["store_attr x 3 <- load_attr x 2 absent"],
    ),
    "a member, checked": (
        """
        def f(cache, key):
            if key not in cache:
                cache[key] = 1
        """,
        ["store_item 3 <- contains 2 absent"],
    ),
    "an early return": (
        """
        def f(self):
            if self.x is not None:
                return self.x
            self.x = 1
            return self.x
        """,
        ["store_attr x 4 <- load_attr x 2 absent"],
    ),
    "what is done either way": (
        """
        def f(self):
            if self.x:
                print("x")
            self.x = 1
        """,
        [],
    ),
    "checked twice": (
        """
        def f(self):
            if self.x is None:
                with self.lock:
                    if self.x is None:
                        self.x = 1
        """,
        [
            "store_attr x 5 <- load_attr x 2 absent",
            "store_attr x 5 <- load_attr x 4 absent",
        ],
    ),
    "a walrus": (
        """
        def f(self):
            if (x := self.x) is None:
                self.x = 1
            return x
        """,
        ["store_attr x 3 <- load_attr x 2 absent"],
    ),
    "an exception that says so": (
        """
        def f(cache, key):
            try:
                return cache[key]
            except KeyError:
                cache[key] = 1
        """,
        ["store_item 5 <- load_item 3 absent"],
    ),
    "a flag that is checked": (
        """
        def f(self):
            if not self.done:
                self.done = True
        """,
        ["store_attr done 3 <- load_attr done 2 absent"],
    ),
    "an amount that is checked": (
        """
        def f(self, n):
            if self.balance >= n:
                self.balance -= n
        """,
        [
            "store_attr balance 3 <- load_attr balance 2 check",
            "store_attr balance 3 <- load_attr balance 3 update",
        ],
    ),
    "in a loop": (
        """
        def f(self, n):
            for _ in range(n):
                self.n = self.n + 1
        """,
        ["store_attr n 3 <- load_attr n 3 update"],
    ),
    "the test of a loop": (
        """
        def f(self):
            while self.n > 0:
                self.n -= 1
        """,
        [
            "store_attr n 3 <- load_attr n 2 check",
            "store_attr n 3 <- load_attr n 3 update",
        ],
    ),
    "another name": (
        """
        def f(self):
            self.total = self.n + 1
        """,
        [],
    ),
}


@pytest.mark.parametrize("name", LINKS)
def test_a_write_belongs_to_the_reads_that_it_depends_on(name):
    source, wanted = LINKS[name]
    assert links(source) == wanted


def names(source):
    """Return (attributes, globals, cells) that a file writes where it makes no object."""
    found = accesses.Names(compile(textwrap.dedent(source), "app.py", "exec"))
    return found.attr, found.globals, found.deref


def test_what_is_written_only_where_an_object_is_made_is_not_looked_at():
    source = """
    class Box:
        def __init__(self, other):
            self.made = 1
            self.changed = 1
            other.others = 1

        def change(self):
            self.changed = 2
            del self.gone
    """
    assert names(source)[0] == {"changed", "others", "gone"}


def test_a_global_counts_if_it_is_written_more_than_once():
    source = """
    once = 1
    twice = 1
    twice = 2
    for looped in range(3):
        pass
    def f():
        global late
        late = 1
    """
    assert names(source)[1] == {"twice", "looped", "late"}


def test_a_cell_counts_if_an_inner_function_writes_it_or_it_is_written_twice():
    source = """
    def outer(argument, given):
        once = twice = 1
        inner_ = 1
        twice = 2
        given = 3
        def inner():
            nonlocal inner_
            inner_ = 2
            return argument, once, twice, given
        return inner
    """
    assert names(source)[2] == {"twice", "inner_", "given"}
