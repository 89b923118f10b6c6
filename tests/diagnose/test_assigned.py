"""What a lock is called that is checked: what it was assigned to when it was made."""

import functools
import os
import textwrap

import pytest
from banks import run

pytestmark = pytest.mark.raddle_only


@pytest.fixture
def bank(tmp_path):
    """Run the bank and what follows it as a file; return the run."""
    return functools.partial(run, tmp_path)


# What makes a lock or two, and what they are called.
MADE = {
    "attributes": (
        """
        class Cache:
            def __init__(self):
                self._lock = threading.Lock()
        class Store:
            def __init__(self):
                self._lock = threading.RLock()
        pair = Cache()._lock, Store()._lock
        """,
        ("Cache._lock", "Store._lock"),
    ),
    "a tuple": (
        """
        class Pair:
            def __init__(self):
                self.rd, self.wr = threading.Lock(), threading.Lock()
        it = Pair()
        pair = it.rd, it.wr
        """,
        ("Pair.rd", "Pair.wr"),
    ),
    "an annotation": (
        """
        class Annotated:
            def __init__(self):
                self.lock: threading.Lock = threading.Lock()
        pair = Annotated().lock, tree
        """,
        ("Annotated.lock", "tree"),
    ),
    "several lines": (
        """
        class Long:
            def __init__(self):
                self.lock = (
                    threading
                    .Lock()
                )
        pair = Long().lock, tree
        """,
        ("Long.lock", "tree"),
    ),
    "a class": (
        """
        class Config:
            lock = threading.Lock()
        pair = Config.lock, tree
        """,
        ("Config.lock", "tree"),
    ),
    "a hidden attribute": (
        """
        class Hidden:
            def __init__(self):
                self.__lock = threading.Lock()
            def both(self):
                return self.__lock, tree
        pair = Hidden().both()
        """,
        ("Hidden.__lock", "tree"),
    ),
    "a condition": (
        """
        class Jobs:
            def __init__(self):
                self.changed = threading.Condition()
                self.done = threading.Condition(threading.Lock())
        jobs = Jobs()
        pair = jobs.changed, jobs.done
        """,
        ("Jobs.changed", "Jobs.done"),
    ),
    "a condition over another's lock": (
        """
        class Jobs:
            def __init__(self):
                self.mutex = threading.Lock()
                self.not_empty = threading.Condition(self.mutex)
        pair = Jobs().not_empty, tree
        """,
        ("Jobs.mutex", "tree"),
    ),
    "a dataclass": (
        """
        from dataclasses import dataclass, field
        @dataclass
        class Data:
            name: str = ""
            lock: object = field(default_factory=threading.Lock)
            other: object = field(default_factory=lambda: threading.Lock())
        data = Data()
        pair = data.lock, data.other
        """,
        ("Data.lock", "Data.other"),
    ),
    "a defaultdict": (
        """
        from collections import defaultdict
        locks = defaultdict(threading.Lock)
        def of(user):
            return locks[user]
        pair = locks["a"], of("b")
        """,
        ("locks['a']", "locks[user]"),
    ),
    "setdefault()": (
        """
        class Locks:
            def __init__(self):
                self.all = {}
            def of(self, user):
                return self.all.setdefault(user, threading.Lock())
        pair = Locks().of("a"), tree
        """,
        ("Locks.all[user]", "tree"),
    ),
    "a dict": (
        """
        rooms = {name: threading.Lock() for name in "ab"}
        other = {"c": threading.Lock()}
        pair = rooms["a"], other["c"]
        """,
        ("rooms[...]", "other['c']"),
    ),
    "a list": (
        """
        forks = [threading.Lock() for _ in range(3)]
        others = [None, threading.Lock()]
        pair = forks[1], others[1]
        """,
        ("forks[...]", "others[1]"),
    ),
    "a generator": (
        """
        forks = tuple(threading.Lock() for _ in range(3))
        pair = forks[1], tree
        """,
        ("forks[...]", "tree"),
    ),
    "a function": (
        """
        def make():
            return threading.Lock()
        def deeper():
            return make()
        class Made:
            def __init__(self):
                self.guard = deeper()
        pair = Made().guard, tree
        """,
        ("Made.guard", "tree"),
    ),
    "a choice": (
        """
        given = None
        lock = given or threading.Lock()
        pair = lock, tree
        """,
        ("lock", "tree"),
    ),
    "two variables": (
        """
        lock = same = threading.Lock()
        pair = lock, tree
        """,
        ("lock", "tree"),
    ),
    "an argument": (
        """
        def keep(lock):
            return [lock]
        kept = keep(threading.Lock())
        pair = kept[0], tree
        """,
        ("the Lock of bank.py:20", "tree"),
    ),
}


@pytest.mark.parametrize("what", MADE)
def test_a_lock_is_called_after_what_it_was_assigned_to(bank, what):
    code, wanted = MADE[what]
    tail = """
        nest(*pair)
        nest(*pair[::-1])
        print(*sorted(each["lock"] for each in raddle.inversions()[0].links), sep="; ")
        """
    done = bank(textwrap.dedent(code) + textwrap.dedent(tail))
    assert done.stdout == "; ".join(sorted(wanted)) + "\n", done.stderr


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        ("def account():\n    return threading.Lock()\n", "the Lock of bank.py:18"),
        (
            "class Account:\n    def __init__(self):\n        self.lock = threading.Lock()\n"
            "account = lambda: Account().lock\n",
            "Account.lock",
        ),
    ],
    ids=["two callers", "one line"],
)
def test_locks_that_are_gone_are_called_by_what_they_have_in_common(bank, made, wanted):
    done = bank(f"{made}nest(tree, account())\nnest(account(), index)\nnest(index, tree)\n")
    assert done.stderr.startswith(f"raddle: lock order: index and tree and {wanted} are taken")


LIBRARY = """\
from raddle import threading


class Pool:
    def __init__(self):
        self._lock = threading.Lock()

    def run(self, call):
        with self._lock:
            call()
"""
SERVICE = """
import sys
sys.path.insert(0, "lib/site-packages")
import vendor
pool = vendor.Pool()
pool.run(lambda: nest(tree, index))
with tree:
    pool.run(list)
"""


@pytest.fixture
def vendor(tmp_path):
    """A library that makes and takes a lock for the program."""
    library = tmp_path / "lib" / "site-packages" / "vendor"
    library.mkdir(parents=True)
    (library / "__init__.py").write_text(LIBRARY)


def test_what_a_library_makes_and_takes_is_told_with_the_program_s_line(bank, vendor):
    done = bank(SERVICE + "print(raddle.inversions()[0].links)")
    assert "raddle: lock order: tree and Pool._lock are taken" in done.stderr
    through = os.path.join("vendor", "__init__.py")
    told = f"      bank.py:{{}} (through {through}:9)\n          {{}}\n"
    assert told.format(22, "pool.run(lambda: nest(tree, index))") in done.stderr
    assert told.format(24, "pool.run(list)") in done.stderr
    assert f"'made': 'bank.py:21', 'made_through': {through + ':6'!r}" in done.stdout


@pytest.mark.parametrize("pattern", ["vendor/*", "bank.py:24", "Pool._lock"])
def test_the_library_and_the_program_s_line_may_be_known(bank, vendor, pattern):
    assert bank(f"raddle.configure(known_orders=[{pattern!r}])\n{SERVICE}").stderr == ""


def test_a_thread_without_a_name_is_told_with_its_class(bank):
    code = """
        class Transport(threading.Thread):
            def run(self):
                nest(index, tree)
        nest(tree, index)
        thread = Transport()
        thread.start()
        thread.join()
    """
    assert "\n  Thread-1 (Transport) took index, then tree\n" in bank(code).stderr
