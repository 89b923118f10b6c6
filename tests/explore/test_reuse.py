"""Threads are used again, and share a core: nothing of one is left for the next."""

import asyncio
import contextvars
import ctypes
import functools
import os
import signal
import subprocess
import sys
import time
import weakref

import pytest
import raddle
from raddle import threading
from raddle._explore import points

pytestmark = [
    pytest.mark.raddle_only,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]

RUNS = 12


def explored(*functions, runs=RUNS):
    """Call each of the functions in a thread of its own, one after the other, in each run."""

    def run():
        for each in functions:
            thread = threading.Thread(target=each)
            thread.start()
            thread.join()

    raddle.explore(run, runs=runs, strategy="random", seed=1)


def asynchronous(*kinds):
    """Return PyThreadState_SetAsyncExc() for an identifier, and arguments of these kinds."""
    function = ctypes.PyDLL(None).PyThreadState_SetAsyncExc  # (That of `pythonapi` is shared.)
    function.argtypes = ctypes.c_ulong, *kinds
    return function


class Part:
    """What a thread may leave behind."""


def test_a_thread_is_one_that_has_ended_before():
    seen = []
    explored(lambda: seen.append(threading.get_native_id()), lambda: None)
    assert len(seen) == RUNS
    assert len(set(seen)) == 1
    assert str(seen[0]) not in os.listdir("/proc/self/task")  # Afterwards it is gone.


def test_threads_that_live_at_once_are_different():
    seen = []

    def run():
        barrier, found = threading.Barrier(3), []

        def wait():
            found.append((threading.get_ident(), threading.get_native_id()))
            barrier.wait()

        threads = [threading.Thread(target=wait) for _ in range(3)]
        for each in threads:
            each.start()
        assert {each.native_id for each in threads} == {each.native_id for each in threads}
        for each in threads:
            each.join()
        assert len(set(found)) == 3
        assert {each.native_id for each in threads} == {native for _, native in found}
        seen.extend(native for _, native in found)

    raddle.explore(run, runs=RUNS, strategy="random", seed=1)
    assert len(set(seen)) == 3


def test_a_threads_own_values_are_dropped_when_it_ends():
    local, kept, made = threading.local(), [], []

    class Own(threading.local):
        def __init__(self):
            made.append(threading.current_thread())

    own = Own()

    def leave():
        assert not hasattr(local, "part")
        local.part = Part()
        kept.append(weakref.ref(local.part))
        own.thread = threading.current_thread()

    def look():
        assert kept[-1]() is None
        assert not hasattr(local, "part")
        assert not hasattr(own, "thread")

    explored(leave, look)
    assert len(kept) == RUNS
    assert len(made) == 1 + 2 * RUNS  # For each thread.


def test_a_threads_context_is_its_own():
    number = contextvars.ContextVar("number", default=0)
    left, seen = [], []

    def leave():
        number.set(Part())
        left.append(weakref.ref(number.get()))

    explored(leave, lambda: seen.append((number.get(), left[-1]())))
    assert seen == [(0, None)] * RUNS


def test_what_traces_a_thread_does_not_trace_the_next():
    seen = []

    def leave():
        sys.settrace(lambda *_: None)
        sys.setprofile(lambda *_: None)

    explored(leave, lambda: seen.append((sys.gettrace(), sys.getprofile())))
    assert seen == [(None, None)] * RUNS


def test_hooks_of_asynchronous_generators_are_a_threads_own():
    seen = []

    def leave():
        sys.set_asyncgen_hooks(firstiter=lambda _: None)
        sys.set_coroutine_origin_tracking_depth(3)

    def look():
        depth = sys.get_coroutine_origin_tracking_depth()
        seen.append((sys.get_asyncgen_hooks().firstiter, depth))

    explored(leave, look)
    assert seen == [(None, 0)] * RUNS


def test_a_thread_blocks_the_signals_that_its_starter_blocks():
    seen = []

    def block():
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])

    def look():
        seen.append(signal.SIGUSR1 in signal.pthread_sigmask(signal.SIG_BLOCK, []))

    explored(block, look)
    assert seen == [False] * RUNS


def test_a_thread_with_a_stack_of_its_own_is_its_own():
    seen = []

    def run():
        before = threading.stack_size(1 << 20)
        try:
            thread = threading.Thread(target=lambda: natives.append(threading.get_native_id()))
            natives = []
            thread.start()
        finally:
            threading.stack_size(before)
        thread.join()
        other = threading.Thread(target=lambda: natives.append(threading.get_native_id()))
        other.start()
        other.join()
        seen.append(natives)

    raddle.explore(run, runs=2, strategy="random", seed=1)
    assert all(one != other for one, other in seen)


def test_an_error_in_a_thread_is_that_threads():
    ended = []

    def run():
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
        other = threading.Thread(target=lambda: ended.append(sys.exc_info()))
        other.start()
        other.join()

    with pytest.raises(ZeroDivisionError):
        raddle.explore(run, runs=1)
    assert ended
    assert set(ended) == {(None, None, None)}


def test_what_was_to_be_raised_in_a_thread_is_not_raised_in_the_next():
    raise_in = asynchronous(ctypes.py_object, ctypes.py_object)
    local, kept, ended = threading.local(), [], []

    def leave():
        # (It is called where the thread drops its values, and has no line of Python any more.)
        last = functools.partial(raise_in, threading.get_ident(), KeyError)
        local.part = Part()
        kept.append(weakref.ref(local.part, last))

    explored(leave, lambda: ended.append([n for n in range(1000)]))
    assert len(ended) == RUNS
    assert [each() for each in kept] == [None] * RUNS


def test_a_thread_that_ends_with_a_lock_is_not_used_again():
    seen, lock = [], threading.Lock()

    def run():
        thread = threading.Thread(target=lambda: lock.acquire(timeout=0))
        thread.start()
        thread.join()
        other = threading.Thread(target=lambda: seen.append(lock.locked()))
        other.start()
        other.join()
        lock.release()

    raddle.explore(run, runs=RUNS, strategy="random", seed=1)
    assert seen == [True] * RUNS


FORKS = """
import os, sys, warnings
import raddle
from raddle import threading

warnings.simplefilter("error")  # 3.12 warns where a process has several threads.

def started(work):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

def run():
    started(lambda: None)
    child = os.fork()
    if not child:
        counts = []
        try:
            # (The parent's threads that wait are not there to be used.)
            started(lambda: counts.append(len(os.listdir("/proc/self/task"))))
        finally:
            os._exit(7 if counts == [2] else 1)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

raddle.explore(run, runs=3, strategy="random", seed=1)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork_finds_one_thread_once_the_others_were_joined():
    command = (sys.executable, "-c", FORKS)
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.stdout.split(), done.stderr) == (["7"] * 3, "")


def test_a_program_does_not_see_that_a_core_is_shared():
    cores, seen, children = os.sched_getaffinity(0), [], []
    ask = "import os; print(len(os.sched_getaffinity(0)))"

    def look():
        seen.append(os.sched_getaffinity(0))
        children.append(int(subprocess.check_output([sys.executable, "-c", ask])))

    explored(look, runs=2)
    assert seen == [cores] * 2
    assert children == [len(cores)] * 2
    assert os.sched_getaffinity(0) == cores


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # pytest's are.
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_the_child_of_a_fork_has_all_cores():
    cores, codes = os.sched_getaffinity(0), []

    def run():
        child = os.fork()
        if not child:
            os._exit(len(os.sched_getaffinity(0)))
        codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

    raddle.explore(run, runs=1)
    assert codes == [len(cores)]


def test_cores_that_a_thread_chooses_are_its_own():
    cores, seen = os.sched_getaffinity(0), []
    if len(cores) < 2:
        pytest.skip("there is one core")

    def choose():
        for one in sorted(cores)[:2]:
            os.sched_setaffinity(0, {one})
            subprocess.run([sys.executable, "-c", ""], check=True)
            seen.append(os.sched_getaffinity(0) == {one})

    explored(choose, lambda: seen.append(os.sched_getaffinity(0) == cores), runs=2)
    assert seen == [True] * 6


def test_a_loop_that_a_thread_leaves_running_is_not_the_next_one_s():
    seen = []

    class Loop:
        pass

    explored(
        lambda: asyncio._set_running_loop(Loop()),
        lambda: seen.append(asyncio._get_running_loop()),
    )
    assert seen == [None] * RUNS


def test_what_a_destructor_leaves_is_not_the_next_thread_s():
    local, seen = threading.local(), []

    class Last:
        def __del__(self):
            local.again = 1

    def leave():
        local.last = Last()

    explored(leave, lambda: seen.append(hasattr(local, "again")))
    assert seen == [False] * RUNS


def test_what_is_sent_to_a_thread_that_has_ended_is_not_raised_in_the_next():
    raise_in, ended = asynchronous(ctypes.py_object), []

    def run():
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
        raise_in(thread.ident, KeyError)
        other = threading.Thread(target=lambda: ended.append([n for n in range(1000)]))
        other.start()
        other.join()

    raddle.explore(run, runs=RUNS, strategy="random", seed=1)
    assert len(ended) == RUNS


def test_what_a_thread_has_made_goes_with_its_last_reference():
    def run():
        made = []
        threads = [threading.Thread(target=lambda: made.append(Part())) for _ in range(2)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        kept = [weakref.ref(each) for each in made]
        made.clear()
        assert [each() for each in kept] == [None] * 2

    # (Without a GIL this fails where a thread is used again: such a failure is none.)
    assert raddle.explore(run, runs=RUNS, strategy="random", seed=1).runs == RUNS


def test_ctrl_c_at_the_end_leaves_nothing_replaced():
    started, sleep = threading.Thread.start, time.sleep

    def run():
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()

    real = points.reuse

    def interrupted(on):
        real(on)
        if not on:
            raise KeyboardInterrupt

    points.reuse = interrupted
    try:
        with pytest.raises(KeyboardInterrupt):
            raddle.explore(run, runs=1)
    finally:
        points.reuse = real
    assert (threading.Thread.start, time.sleep) == (started, sleep)
    raddle.explore(run, runs=1)


def test_cores_that_a_program_chooses_are_its_own():
    cores = os.sched_getaffinity(0)
    if len(cores) < 2:
        pytest.skip("there is one core")
    some = sorted(cores)[:2]

    def run():
        os.sched_setaffinity(0, some)
        assert os.sched_getaffinity(0) == set(some)

    try:
        raddle.explore(run, runs=1)
        assert os.sched_getaffinity(0) == set(some)
    finally:
        os.sched_setaffinity(0, cores)
