"""What inspection shows of each public name once raddle is installed, and showed before.

docs/differences.md has the kinds of difference that there are; `KINDS` has them for this test,
each with the names that it is true of. Any other difference fails, and so does a kind that is
true of nothing.
"""

import json
import subprocess
import sys

import pytest
from conftest import SUBJECT

pytestmark = [
    pytest.mark.raddle_only,
    pytest.mark.skipif(SUBJECT == "installed", reason="it installs by itself"),
]

LOOK = r"""
import inspect, json, pickle, sys
if sys.argv[1] == "raddle":
    import raddle
    raddle.install()
import threading, queue, concurrent.futures, concurrent.futures.thread, _thread

seen = {}


def look(where, obj):
    shown = {
        key: repr(getattr(obj, key, "MISSING"))
        for key in ("__module__", "__name__", "__qualname__")
    }
    shown["doc"] = bool(getattr(obj, "__doc__", None))
    try:
        shown["signature"] = str(inspect.signature(obj))
    except (TypeError, ValueError):
        shown["signature"] = "NONE"
    shown["routine"] = inspect.isroutine(obj)
    shown["function"] = inspect.isfunction(obj)
    shown["class"] = inspect.isclass(obj)
    try:
        shown["pickle"] = pickle.loads(pickle.dumps(obj)) is obj
    except Exception as error:
        shown["pickle"] = type(error).__name__
    seen[where] = shown


concurrent.futures.ThreadPoolExecutor
modules = (
    threading, queue, concurrent.futures, concurrent.futures._base, concurrent.futures.thread,
    _thread,
)
for module in modules:
    for name, obj in sorted(vars(module).items()):
        if name.startswith("__") or inspect.ismodule(obj) or not callable(obj):
            continue
        where = f"{module.__name__}.{name}"
        look(where, obj)
        if inspect.isclass(obj) and module is not _thread:
            for member in sorted(vars(obj)):
                # (What wrappers take from submit() is in test_wrapping.py.)
                if member.startswith("_") or member == "submit":
                    continue
                if callable(getattr(obj, member)):
                    look(f"{where}.{member}", getattr(obj, member))
print(json.dumps(seen))
"""

# Classes of the standard library that are written in Python there and in Rust here.
RUST = (
    *("threading.Barrier", "threading.BoundedSemaphore", "threading.Condition"),
    *("threading.Event", "threading.Semaphore"),
    *("queue.LifoQueue", "queue.PriorityQueue", "queue.Queue"),
    *("concurrent.futures.Future", "concurrent.futures._base.Future"),
    *("concurrent.futures.ThreadPoolExecutor", "concurrent.futures.thread.ThreadPoolExecutor"),
)
LOCKS = (
    *("_thread.LockType", "_thread.RLock", "_thread.allocate", "_thread.allocate_lock"),
    *("_thread.lock", "threading.Lock", "threading._CRLock", "threading._LockType"),
    "threading._allocate_lock",
)


def is_method(name):
    return name.rpartition(".")[0] in RUST


KINDS = {
    "constructors take name=": lambda name, key, before, now: (
        key == "signature"
        and name in (*RUST, *LOCKS, "queue.SimpleQueue")
        and "name=None" in now
    ),
    "a method that is written in Rust has no __module__": lambda name, key, before, now: (
        key == "__module__" and is_method(name) and now == "'MISSING'"
    ),
    "and its self is positional-only": lambda name, key, before, now: (
        key == "signature"
        and is_method(name)
        and now.replace("(self, /", "(self") in (before, before.replace(", /", ""))
    ),
    "and it is no function to inspect.isfunction": lambda name, key, before, now: (
        key == "function" and is_method(name) and before and not now
    ),
    "there are docs and signatures where there were none": lambda name, key, before, now: (
        (key == "doc" and now) or (key == "signature" and before == "NONE")
    ),
    "another name for a function shows the first": lambda name, key, before, now: (
        key in ("__name__", "__qualname__")
        and name in ("_thread.allocate", "_thread.start_new")
    ),
    "parameters of later versions are there": lambda name, key, before, now: (
        key == "signature" and name.endswith((".Thread", ".ThreadPoolExecutor"))
    ),
    "functions of _thread that are Python here": lambda name, key, before, now: (
        key == "function"
        and name in ("_thread._count", "_thread._shutdown", "threading._thread_shutdown")
    ),
}


def shown(subject):
    command = [sys.executable, "-c", LOOK, subject]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def differences():
    before, now = shown("stock"), shown("raddle")
    assert set(before) - set(now) == set(), "names that are gone"
    return [
        (name, key, value, now[name][key])
        for name, values in before.items()
        for key, value in values.items()
        if now[name][key] != value
    ]


def test_inspection_shows_what_it_showed_but_for_the_kinds_that_are_listed(differences):
    others = [each for each in differences if not any(true(*each) for true in KINDS.values())]
    assert others == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_listed_kind_of_difference_is_still_one(differences, kind):
    if kind.startswith("parameters of later versions") and sys.version_info >= (3, 14):
        pytest.skip("there are none that this version lacks")
    assert any(KINDS[kind](*each) for each in differences)
