"""Signals: they reach a main thread that is blocked in any primitive, and leave it whole."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

WAITS = ["Lock", "RLock", "Condition", "Event", "Semaphore", "Barrier", "Thread"]


def count(text):
    return int(re.search(r", (\d+)\)>$", text)[1])


class Wait:
    """One blocking call: how to enter it, end it, and see that nobody is left inside."""

    def __init__(self, kind, threading, spawn):
        self.kind = kind
        getattr(self, f"_{kind.lower()}")(threading, spawn)

    def _lock(self, threading, spawn):
        lock = self.it = threading.Lock()
        lock.acquire()
        self.enter = lambda t: lock.acquire(timeout=-1 if t is None else t)
        self.end, self.expect = lock.release, True

        def whole():
            lock.release()
            assert lock.acquire(False) and not lock.acquire(False)

        self.whole = whole

    def _rlock(self, threading, spawn):
        lock, go, held = threading.RLock(), threading.Event(), threading.Event()
        self.it = lock

        def hold():
            with lock:
                held.set()
                go.wait(60)

        holder = spawn(hold)
        held.wait(60)
        self.enter = lambda t: lock.acquire(timeout=-1 if t is None else t)
        self.end, self.expect = go.set, True

        def whole():
            go.set()
            holder.result()
            assert not lock._is_owned() and lock.acquire(False)
            assert lock._recursion_count() == 1

        self.whole = whole

    def _condition(self, threading, spawn):
        condition = self.it = threading.Condition()

        def enter(timeout):
            with condition:
                try:
                    return condition.wait(timeout)
                finally:
                    assert condition._lock._recursion_count() == 1

        def end():
            with condition:
                condition.notify_all()

        def whole():
            assert count(repr(condition)) == 0 and not condition._is_owned()

        self.enter, self.end, self.whole, self.expect = enter, end, whole, True

    def _event(self, threading, spawn):
        event = self.it = threading.Event()

        def whole():
            assert not event.is_set()
            event.set()
            assert event.wait(0)

        self.enter, self.end, self.whole, self.expect = event.wait, event.set, whole, True

    def _semaphore(self, threading, spawn):
        semaphore = self.it = threading.Semaphore(0)

        def whole():
            semaphore.release()
            assert semaphore.acquire(False) and not semaphore.acquire(False)

        self.enter = lambda t: semaphore.acquire(timeout=t)
        self.end, self.whole, self.expect = semaphore.release, whole, True

    def _barrier(self, threading, spawn):
        barrier = self.it = threading.Barrier(2)

        def whole():
            assert barrier.n_waiting == 0 and not barrier.broken
            other = spawn(barrier.wait)
            assert {barrier.wait(60), other.result()} == {0, 1}

        self.enter, self.end, self.whole, self.expect = barrier.wait, barrier.wait, whole, 0

    def _thread(self, threading, spawn):
        go = threading.Event()
        thread = self.it = threading.Thread(target=go.wait, args=(60,))
        thread.start()

        def whole():
            assert thread.is_alive()
            go.set()
            thread.join()
            assert not thread.is_alive()

        self.enter, self.end, self.whole, self.expect = thread.join, go.set, whole, None


@pytest.fixture(params=WAITS)
def wait(request, threading, spawn):
    return Wait(request.param, threading, spawn)


@pytest.fixture
def interrupted(wait, subject):
    """A wait that a handler may end by raising."""
    if (wait.kind, subject) == ("Thread", "stdlib") and sys.version_info < (3, 13):
        pytest.skip("the stdlib took an interrupted join for the thread's end until 3.13")
    return wait


@pytest.fixture(params=[None, 50], ids=["no timeout", "timeout"])
def timeout(request):
    return request.param


@pytest.fixture
def handle():
    """Set a Python handler for SIGUSR1 until the test ends."""
    before = signal.getsignal(signal.SIGUSR1)
    yield lambda handler: signal.signal(signal.SIGUSR1, handler)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGUSR1, before)


@pytest.fixture
def kick(threading, asleep, until):
    """Once the main thread is blocked, signal it and wait for what the handler does."""
    main = threading.main_thread()

    def send(predicate):
        asleep(main)
        signal.pthread_kill(main.ident, signal.SIGUSR1)
        until(predicate, "the handler running while the main thread is blocked")

    return send


def test_a_handler_runs_during_a_wait_that_then_goes_on(wait, timeout, handle, kick, spawn):
    ran, over = [], []
    handle(lambda *_: ran.append(1))

    def outside():
        try:
            for number in (1, 2, 3):
                kick(lambda number=number: len(ran) == number)
                assert not over, "the wait ended with the signal"
        finally:
            wait.end()

    helper = spawn(outside)
    value = wait.enter(timeout)
    over.append(1)
    helper.result()
    assert value == wait.expect and ran == [1, 1, 1]


class Interrupt(Exception):
    pass


def test_a_handler_that_raises_ends_the_wait_and_leaves_it_whole(
    interrupted, timeout, handle, kick, spawn
):
    wait, ran = interrupted, []

    def handler(*_):
        ran.append(1)
        raise Interrupt

    handle(handler)
    helper = spawn(kick, lambda: ran)
    with pytest.raises(Interrupt):
        wait.enter(timeout)
    helper.result()
    wait.whole()


def test_waits_interrupted_again_and_again_leave_nobody_behind(
    interrupted, handle, kick, spawn
):
    wait, ran = interrupted, []

    def handler(*_):
        ran.append(1)
        raise Interrupt

    handle(handler)
    for number in range(1, 11):
        helper = spawn(kick, lambda number=number: len(ran) == number)
        with pytest.raises(Interrupt):
            wait.enter(None)
        helper.result()
    wait.whole()


def test_a_handler_may_end_the_wait_that_it_interrupts(
    threading, handle, spawn, asleep, timeout
):
    main = threading.main_thread()
    for kind in ("Lock", "Condition", "Event", "Semaphore"):
        wait = Wait(kind, threading, spawn)
        handle(lambda *_, wait=wait: wait.end())

        def outside():
            asleep(main)
            signal.pthread_kill(main.ident, signal.SIGUSR1)

        helper = spawn(outside)
        assert wait.enter(timeout) is True, kind
        helper.result()


def test_a_handler_may_wait_on_the_same_primitive_and_time_out(threading, handle, kick, spawn):
    for kind in ("Lock", "Event", "Semaphore", "Condition", "RLock"):
        wait, inner = Wait(kind, threading, spawn), []
        handle(lambda *_, wait=wait, inner=inner: inner.append(wait.enter(0.01)))

        def outside(wait=wait, inner=inner):
            try:
                kick(lambda: inner)
            finally:
                wait.end()

        helper = spawn(outside)
        assert wait.enter(None) is True, kind
        helper.result()
        assert inner == [False], kind


@pytest.mark.parametrize(
    "kind", ["Lock", "Condition", "Event", "Semaphore", "Barrier", "Thread"]
)
def test_signals_every_millisecond_make_no_timeout_early(threading, spawn, handle, kind):
    wait, ran = Wait(kind, threading, spawn), []
    before = signal.signal(signal.SIGALRM, lambda *_: ran.append(1))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        start = time.perf_counter_ns()
        if kind == "Barrier":
            with pytest.raises(threading.BrokenBarrierError):
                wait.enter(0.2)
        else:
            assert not wait.enter(0.2)
        elapsed = time.perf_counter_ns() - start
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if kind == "Thread":
            wait.end()
    assert elapsed >= 0.2e9 and ran


def test_a_signal_from_another_process_reaches_a_blocked_main_thread(
    interrupted, threading, handle, asleep, spawn
):
    wait, ran, main = interrupted, [], threading.main_thread()

    def handler(*_):
        ran.append(1)
        raise Interrupt

    handle(handler)
    code = "import os, signal, sys; input(); os.kill(int(sys.argv[1]), signal.SIGUSR1)"
    with subprocess.Popen(
        [sys.executable, "-I", "-c", code, str(os.getpid())], stdin=subprocess.PIPE
    ) as sender:

        def outside():
            asleep(main)
            sender.stdin.write(b"\n")
            sender.stdin.close()

        helper = spawn(outside)
        with pytest.raises(Interrupt):
            wait.enter(None)
        helper.result()
    assert ran == [1]
    wait.whole()


CTRL_C = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
def block(wait):
    print("blocking", flush=True)
    wait()
held = threading.Lock(); held.acquire()
waits = {
    "Lock": held.acquire,
    "Condition": lambda: c.wait(),
    "Event": threading.Event().wait,
    "Semaphore": threading.Semaphore(0).acquire,
    "Barrier": threading.Barrier(2).wait,
    "Thread": lambda: t.join(),
    "exit": lambda: None,
}
c = threading.Condition(); c.acquire()
forever = threading.Event()
t = threading.Thread(target=forever.wait, daemon=sys.argv[1] != "exit"); t.start()
block(waits[sys.argv[1]])
"""


@pytest.mark.parametrize("kind", [*WAITS[:1], *WAITS[2:]])
def test_control_c_ends_a_blocked_program_with_keyboard_interrupt(kind, until):
    from conftest import PRELUDE

    command = [sys.executable, "-c", PRELUDE + CTRL_C, kind]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout.readline() == "blocking\n"

            def blocked():
                with open(f"/proc/{process.pid}/status") as status:
                    return "State:\tS" in status.read()

            until(blocked)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == -signal.SIGINT
    assert err.rstrip().endswith("KeyboardInterrupt") and "Fatal" not in err


@pytest.mark.raddle_only
def test_a_handler_may_use_a_primitive_whatever_it_interrupted(child):
    # The stdlib's Event and Semaphore deadlock here: the handler asks for a lock that the
    # interrupted frame holds.
    code = """
        import signal
        event, semaphore = threading.Event(), threading.Semaphore(5)
        condition, rlock, ran = threading.Condition(), threading.RLock(), 0
        def handler(*_):
            global ran
            ran += 1
            event.set(); event.clear(); event.is_set()
            semaphore.release(); semaphore.acquire()
            with rlock: pass
            with condition: condition.notify_all()
            repr(event), repr(semaphore), repr(condition), repr(rlock)
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        while ran < 500:
            event.set(); event.wait(0.0001); event.clear(); event.wait(0.0001)
            semaphore.release(); semaphore.acquire(); semaphore.acquire(timeout=0.0001)
            semaphore.release()
            with rlock, rlock: pass
            with condition: condition.notify(); condition.wait(0.0001)
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(sum(semaphore.acquire(False) for _ in range(9)))
        """
    assert child(code).stdout == "5\n"
