"""What raddle guards its own parts with: no scope ends a wait for it."""

import re
import sys
import threading as stock
from pathlib import Path

import pytest
import raddle
from raddle._map.backends.interrupt import Target
from raddle._map.backends.thread_workers import Workers

pytestmark = pytest.mark.raddle_only


def in_a_scope_that_has_ended(work):
    """Return a function that does some work there, and returns what that returned."""

    def run():
        with raddle.deadline(None) as scope:
            scope.cancel()
            result = work()
        return result

    return run


def of_an_executor(threading, futures):
    pool = futures.ThreadPoolExecutor(1)
    pool.submit(int).result()  # A worker is there.
    return pool._shutdown_lock, lambda: pool.shutdown(wait=False), lambda: pool._shutdown


def of_an_executor_that_grows(threading, futures):
    class Own(futures.ThreadPoolExecutor):
        def _adjust_thread_count(self):
            super()._adjust_thread_count()

    pool, made = Own(1), []
    there = lambda: made[0].result() == 3  # noqa: E731
    return pool._shutdown_lock, lambda: made.append(pool.submit(lambda: 3)), there


def of_the_workers_of_a_map(threading, futures):
    workers, made = Workers(1), []
    there = lambda: made[0].result() == 3  # noqa: E731
    return workers._state.lock, lambda: made.append(workers.submit(lambda: 3)), there


def of_the_end_of_workers(threading, futures):
    workers = Workers(1)
    state = workers._state
    return state.lock, lambda: workers.shutdown(wait=False), lambda: state.closed


def of_what_interrupts(threading, futures):
    target = Target(None, raddle._raddle._Guard())
    return target._interrupting, target.interrupt, lambda: True


def of_processes(threading, futures):
    from raddle._map.backends.cores import _started

    made = _started(1, None, ())
    return made._lock, lambda: made.shutdown(wait=False), lambda: made._closed


def of_interpreters(threading, futures):
    if sys.version_info < (3, 14):
        pytest.skip("interpreters are for Python 3.14 and later")
    from raddle._map.backends.interpreters import Interpreters

    made = Interpreters(1)
    return made._lock, lambda: made.shutdown(wait=False), lambda: made._closed


def of_a_group(threading, futures):
    group = raddle.Group()
    return group._lock, group._join_one, lambda: True


KINDS = [each for name, each in globals().items() if name.startswith("of_")]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_scope_ends_a_wait_for_it(kind, threading, futures, spawn, asleep):
    guard, work, is_done = kind(threading, futures)
    held, let_go = stock.Event(), stock.Event()

    def hold():
        with guard:
            held.set()
            let_go.wait()

    holder = spawn(hold)
    held.wait()
    waiter = spawn(in_a_scope_that_has_ended(work))
    try:
        asleep(waiter)
    finally:
        let_go.set()
    holder.result()
    waiter.result()
    assert is_done()


def test_raddle_makes_no_lock_that_a_scope_could_keep_from_it():
    made = re.compile(r"= [^\"]*\b(?:Lock|RLock|allocate_lock)\(\)")
    inside = Path(raddle.__file__).parent
    lines = {
        (path.relative_to(inside).as_posix(), line.strip())
        for path in inside.rglob("*.py")
        for line in path.read_text().splitlines()
        if made.search(line)
    }
    assert lines == {
        # It is shielded where it is taken. Subclasses take it, too.
        ("_futures/executor.py", "self._shutdown_lock = _threading().Lock()"),
        # Interpreters of their own, which have no scopes.
        (
            "_map/backends/interpreter_worker.py",
            "_target = Target(threading.get_ident(), threading.RLock())",
        ),
        # Nobody waits for these: whoever does not get it does something else.
        (
            "_map/api.py",
            "self._entered = _thread.allocate_lock()  # held while a thread is inside next()",
        ),
        (
            "_explore/points.py",
            "_alone = _thread.allocate_lock()  # One exploration at a time.",
        ),
        # A program's iterator is inside it.
        ("_threading/iterators.py", "self._lock = _raddle.allocate_lock()"),
        (
            "_threading/iterators.py",
            "first = _Branch(iter(iterable), [None, None], _raddle.allocate_lock())",
        ),
        # A sentence.
        (
            "_diagnose/race/words.py",
            'make = "Make one lock for all threads (lock = threading.Lock())"',
        ),
    }
