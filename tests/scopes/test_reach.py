"""Threads that compute in a scope that has ended: stopped where it does no harm, or named."""

import contextlib
import os
import re
import subprocess
import sys
import textwrap
import time

import pytest
import raddle
import raddle.sync
from raddle._futures import stops

pytestmark = pytest.mark.raddle_only
LONG = 1000  # seconds that nothing here takes


def compute():
    number = 0
    while True:
        number += 1


def recurse(depth=0):
    return 0 if depth == 60 else recurse(depth + 1) + recurse(depth + 1)


def nested():
    def inner(value):
        return value + 1

    total = 0
    for number in iter(int, 1):
        total = inner(total) + number


def generated():
    return sum(number for number in iter(int, 1))


def in_a_body(lock):
    with lock:
        while True:
            pass


def with_at_its_end():
    number, lock = 0, raddle.sync.RWLock()
    while True:
        with lock.write:
            number += 1


def finally_at_its_end():
    number = 0
    for _ in iter(int, 1):
        try:
            number += 1
        finally:
            number -= 1


COMPUTING = [compute, nested, generated, recurse, finally_at_its_end]
if sys.version_info >= (3, 12):
    # (Its calls are of C: 3.11 seldom stops such a loop, see docs/groups.md.)
    COMPUTING.append(with_at_its_end)


@pytest.mark.parametrize("work", COMPUTING, ids=lambda work: work.__name__)
def test_a_deadline_stops_a_loop(work):
    with pytest.raises(TimeoutError, match="was computing") as raised, raddle.deadline(0.02):
        work()
    assert isinstance(raised.value.__cause__, raddle.Cancelled)


@pytest.mark.parametrize("work", COMPUTING, ids=lambda work: work.__name__)
def test_a_group_stops_its_tasks(work):
    with raddle.Group() as group:
        task = group.start(work)
        while not task.running():
            raddle.sleep(0)
        group.cancel()
    assert task.cancelled()
    assert task.ended_by.wait == "was computing"


def test_the_grace_period_is_kept():
    start = time.monotonic()
    with pytest.raises(TimeoutError), raddle.deadline(0, grace=0.2):
        compute()
    assert time.monotonic() - start >= 0.2


def test_none_switches_it_off(threading):
    done, rounds = threading.Event(), []

    def work():
        while not done.is_set():
            rounds.append(1)
        return "to the end"

    with raddle.Group(grace=None) as group:
        task = group.start(work)
        other = group.start(compute_for, 0.5, done)
        while not (task.running() and other.running() and rounds):
            raddle.sleep(0)
        group.cancel()
    assert task.result() == "to the end" and not other.cancelled()


def compute_for(seconds, done):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    done.set()


@pytest.mark.parametrize("wrong", ["1", [], -1, float("nan")])
def test_a_grace_period_is_a_number_of_seconds(wrong):
    for make in (lambda: raddle.deadline(1, grace=wrong), lambda: raddle.Group(grace=wrong)):
        with pytest.raises((TypeError, ValueError), match=r"grace period|NaN"):
            make()


def test_a_lock_is_given_back(threading):
    lock = threading.Lock()
    with pytest.raises(TimeoutError), raddle.deadline(0.01):
        in_a_body(lock)
    assert lock.acquire(False)


def slow(steps):
    """Computes for a while, where it may not be stopped; returns only at its end."""
    for number in range(steps):
        steps = number
    return steps


class Careful:
    """What it does at its end has to be done, however long that takes."""

    def __init__(self, log):
        self.log = log

    def __enter__(self):
        slow(3_000_000)
        self.log.append("entered")

    def __exit__(self, *_):
        slow(3_000_000)
        self.log.append("left")


def by_finally(log):
    try:
        log.append("entered")
    finally:
        slow(3_000_000)
        log.append("left")


def by_finally_after_an_error(log):
    try:
        log.append("entered")
        raise KeyError
    except KeyError:
        slow(3_000_000)
    finally:
        slow(3_000_000)
        log.append("left")


def by_with(log):
    with Careful(log):
        pass


def by_contextmanager(log):
    @contextlib.contextmanager
    def careful():
        slow(3_000_000)
        log.append("entered")
        try:
            yield
        finally:
            slow(3_000_000)
            log.append("left")

    with careful():
        pass


def by_del(log):
    class Dying:
        def __del__(self):
            slow(3_000_000)
            log.extend(["entered", "left"])

    Dying()


def by_shield(log):
    with raddle.shield():
        slow(3_000_000)
        log.extend(["entered", "left"])


@pytest.mark.parametrize(
    "work",
    [by_finally, by_finally_after_an_error, by_with, by_contextmanager, by_del, by_shield],
    ids=lambda work: work.__name__,
)
def test_what_cleans_up_is_not_stopped(work):
    log = []
    with pytest.raises(TimeoutError), raddle.deadline(0, grace=0):
        work(log)
        compute()
    assert log == ["entered", "left"]


def test_locks_that_are_taken_again_and_again_are_all_given_back(threading):
    lock, plain, rlock = threading.Lock(), threading.Lock(), threading.RLock()
    condition = threading.Condition()

    def work():
        while True:
            with lock, rlock, condition:
                slow(3)
            plain.acquire()
            try:
                slow(3)
            finally:
                plain.release()

    for _ in range(20):
        with pytest.raises(TimeoutError), raddle.deadline(0.001, grace=0):
            work()
        for each in (lock, plain, rlock, condition):
            assert each.acquire(False), each
            each.release()


def test_one_that_catches_everything_is_stopped_again():
    caught = []

    def once():
        try:
            compute()
        except BaseException as error:
            caught.append(error)

    def stubborn():
        once()
        compute()

    with pytest.raises(TimeoutError), raddle.deadline(0.01):
        stubborn()
    assert len(caught) == 1


def test_other_threads_that_run_the_same_code_go_on(threading, spawn):
    stop = threading.Event()

    def shared():
        number = 0
        while not stop.is_set():
            number += 1
        return number

    other = spawn(shared)
    with pytest.raises(TimeoutError), raddle.deadline(0.02):
        shared()
    assert not other.done()
    stop.set()
    assert other.result() > 0


def test_the_thread_that_looks_ends(until):
    with pytest.raises(TimeoutError), raddle.deadline(0.01):
        compute()
    from raddle._diagnose.program import stack

    until(lambda: not stack.ours)
    if sys.version_info >= (3, 12):
        assert "raddle" not in [sys.monitoring.get_tool(slot) for slot in range(6)]


def run(code, **env):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=dict(os.environ, **env),
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_what_is_in_c_code_is_named_and_waited_for():
    done = run(
        """
        import os, time, raddle
        from raddle import threading

        def fetch(pipe):
            return os.read(pipe, 1)

        get, put = os.pipe()
        timer = threading.Timer(2.5, os.write, (put, b"x"))
        timer.start()
        with raddle.Group(name="requests") as group:
            task = group.start(fetch, get)
            while not task.running():
                pass
            group.cancel()
        print(task.cancelled(), task.result() if not task.cancelled() else None)
        """
    )
    assert done.stdout == "False b'x'\n", done.stderr
    named = r"raddle: cannot be cancelled: fetch-1 \(group requests\): in <string>:\d+"
    assert len(re.findall(named, done.stderr)) == 1, done.stderr


def test_what_is_in_c_code_can_be_left_behind():
    done = run(
        """
        import os, raddle

        def fetch(pipe):
            return os.read(pipe, 1)

        get, put = os.pipe()
        tasks = []
        for seconds in (0.5, 5, 50):
            try:
                with raddle.Group(deadline=seconds, abandon=True, name="requests") as group:
                    tasks.append(group.start(fetch, get))
            except TimeoutError as error:
                last = error
            if tasks:
                break  # The deadline has not come before the start.
        print(last)
        print(tasks[0].cancelled(), group.tasks)
        """
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert re.fullmatch(
        r"the deadline of group requests \(\S+ s\) has passed: "
        r"fetch-1 \(group requests\) cannot be cancelled, in <string>:.*",
        first,
    )
    assert second == "True ()"
    assert "raddle: cannot be cancelled: fetch-1 (group requests)" in done.stderr


def test_a_forked_child_stops_its_own():
    done = run(
        """
        import os, sys, raddle, warnings
        warnings.simplefilter("ignore")

        def compute():
            while True:
                pass

        def stopped():
            try:
                with raddle.deadline(0.02):
                    compute()
            except TimeoutError:
                return True

        assert stopped()
        pid = os.fork()
        if pid == 0:
            os._exit(0 if stopped() else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), stopped())
        """
    )
    assert done.stdout == "0 True\n", done.stderr


def test_cleaning_is_found_in_the_bytecode():
    def code(text):
        names = {}
        exec(textwrap.dedent(text), names)
        return names["f"].__code__

    def lines(code):
        import dis

        cleaning = stops.cleaning(code)
        return {
            op.positions.lineno
            for op in dis.get_instructions(code)
            if op.offset in cleaning and op.positions.lineno
        }

    found = lines(
        code(
            """
            def f(a, b):
                a()
                try:
                    a()
                    for _ in b:
                        a()
                finally:
                    b()
                    while a:
                        b()
                a()
            """
        )
    )
    assert found >= {9, 10, 11} and not found & {3, 5, 6, 7, 12}, found
    assert stops.cleaning(code("def f(a):\n    while a: a()\n")) == frozenset()


UNSTARTED = """
import _thread, sys, time
import raddle
_thread.stack_size(1 << 46)  # More than any address space has.
try:
    _thread.start_new_thread(print, ())
except RuntimeError:
    print("not started")
_thread.stack_size(0)
"""
COMPUTING = """
try:
    with raddle.deadline(0.01):
        while True:
            pass
except TimeoutError:
    print("stopped")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="such a stack is refused elsewhere")
def test_a_thread_that_could_not_be_started_is_not_in_the_way(child):
    # 3.11 keeps its state, with its starter's identifier.
    assert child(UNSTARTED + COMPUTING, prelude="").stdout == "not started\nstopped\n"
