"""The n-th thread cannot be started: the others go on, or the thread that waits is told."""

import itertools
import signal
import threading
import time

import kinds
import pytest
import raddle

HUGE = 1 << 46  # bytes of stack that no system has: what starts with that cannot start
PATIENCE = 60  # seconds


class Failing:
    """Starts of threads of a kind; those with some numbers, from 1, fail in the system."""

    def __init__(self, monkeypatch, module, prefix, *numbers):
        self.count, self.failed = 0, 0
        real, failing = module.Thread.start, self

        def start(thread):
            if not thread.name.startswith(prefix):
                return real(thread)
            failing.count += 1
            if failing.count not in numbers:
                return real(thread)
            failing.failed += 1
            before = module.stack_size(HUGE)
            try:
                return real(thread)
            finally:
                module.stack_size(before)

        monkeypatch.setattr(module.Thread, "start", start)


@pytest.fixture
def failing(monkeypatch):
    """Have the starts with these numbers fail, of threads whose names have this prefix."""

    def make(*numbers, prefix="raddle", module=threading):
        return Failing(monkeypatch, module, prefix, *numbers)

    before = set(threading.enumerate())
    yield make
    limit = time.monotonic() + PATIENCE
    while [t for t in threading.enumerate() if t not in before and t.name.startswith("raddle")]:
        assert time.monotonic() < limit, threading.enumerate()
        time.sleep(0.001)


def workers_of(pool):
    state = pool._backend.threads._state
    return state.present, len(state.threads), pool._backend.threads.has_more()


def test_a_pool_whose_first_worker_cannot_start_says_so_and_works_later(failing):
    failing(1, 3)
    with raddle.Pool(1) as pool:
        with pytest.raises(RuntimeError, match="can't start new thread"):
            pool.submit(print, "never")
        assert workers_of(pool) == (0, 0, False)
        assert pool.submit(abs, -2).result(PATIENCE) == 2
        assert list(pool.map(abs, [-3, -4])) == [3, 4]


def test_a_pool_goes_on_with_the_workers_that_could_start(failing, gate):
    starts = failing(2)
    with raddle.Pool(2) as pool:
        begun = threading.Event()
        first = pool.submit(lambda: begun.set() or gate.wait(PATIENCE))
        assert begun.wait(PATIENCE)
        second = pool.submit(abs, -2)  # its worker cannot start
        assert workers_of(pool) == (1, 1, True) and starts.failed == 1
        third = pool.submit(abs, -3)  # its worker can
        assert (second.result(PATIENCE), third.result(PATIENCE)) == (2, 3)
        gate.set()
        assert first.result(PATIENCE) is True
    assert starts.count == 3


def test_a_worker_whose_start_ctrl_c_interrupts_is_not_counted(monkeypatch):
    real, ran = threading.Thread.start, []

    def start(thread):
        real(thread)
        monkeypatch.undo()
        raise KeyboardInterrupt

    with raddle.Pool(1) as pool:
        monkeypatch.setattr(threading.Thread, "start", start)
        with pytest.raises(KeyboardInterrupt):
            pool.submit(ran.append, 1)
        assert workers_of(pool) == (0, 0, False)
        assert pool.submit(len, ran).result(PATIENCE) == 0


class Late(Exception):
    """What a signal's handler raises."""


@pytest.fixture
def alarm(monkeypatch):
    """Have a signal come whose handler raises Late, just after the second worker's start."""
    real, count = threading.Thread.start, itertools.count(1)

    def handler(*_):
        raise Late

    def start(thread):
        real(thread)
        if thread.name.startswith("raddle") and next(count) == 2:
            signal.raise_signal(signal.SIGALRM)

    before = signal.signal(signal.SIGALRM, handler)
    monkeypatch.setattr(threading.Thread, "start", start)
    yield
    signal.signal(signal.SIGALRM, before)


def test_what_a_signals_handler_raises_while_a_map_starts_a_thread_is_not_lost(alarm):
    with pytest.raises(Late):
        list(raddle.map(lambda n: time.sleep(0.0005) or n, range(100), workers=4))


def test_nor_is_it_while_a_pool_does(alarm, gate):
    with raddle.Pool(2) as pool:
        begun = threading.Event()
        first = pool.submit(lambda: begun.set() or gate.wait(PATIENCE))
        assert begun.wait(PATIENCE)
        with pytest.raises(Late):
            pool.submit(abs, -2)
        assert workers_of(pool)[:2] == (1, 1)
        third = pool.submit(abs, -3)
        assert third.result(PATIENCE) == 3
        gate.set()
        assert first.result(PATIENCE) is True


@pytest.mark.parametrize("number", [2, 3, 4])
@pytest.mark.parametrize("ordered", [True, False])
def test_a_map_goes_on_with_the_threads_that_could_start(failing, number, ordered):
    starts = failing(number)
    inputs = range(100)
    results = raddle.map(lambda n: time.sleep(0.0005) or n, inputs, workers=4, ordered=ordered)
    assert sorted(results) == list(inputs)
    assert starts.failed == 1


def test_a_map_whose_threads_cannot_start_says_so(failing):
    failing(*range(1, 9))
    with pytest.raises(RuntimeError, match="can't start new thread"):
        raddle.map(abs, range(100), workers=4)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_map_of_a_pool_needs_one_worker(failing, number):
    failing(number)
    with raddle.Pool(3) as pool:
        if number == 1:
            with pytest.raises(RuntimeError, match="can't start new thread"):
                pool.map(abs, range(-50, 0))
        for _ in range(2):
            mapped = pool.map(lambda n: time.sleep(0.0005) or abs(n), range(-50, 0))
            assert list(mapped) == list(range(50, 0, -1))
    assert workers_of(pool)[0] == 0


def test_a_map_inside_a_task_does_its_work_itself_if_nobody_can_start(failing):
    failing(*range(2, 99))
    with raddle.Pool(3) as pool:
        nested = pool.submit(lambda: list(pool.map(abs, range(-9, 0))))
        assert nested.result(PATIENCE) == list(range(9, 0, -1))


def told(error):
    """Return whether an error says, in itself or its cause, that a thread could not start."""
    return "can't start new thread" in f"{error} {error.__cause__}"


@pytest.mark.parametrize("kind", kinds.LOCAL)
@pytest.mark.parametrize("number", [1, 2])
def test_a_map_elsewhere_ends_or_raises_wherever_a_start_fails(failing, kind, number):
    """Whatever thread of whichever library it is; and the others work."""
    failing(number, prefix="")
    raised = 0
    for _ in range(3):
        try:
            got = list(raddle.map(abs, range(-9, 0), workers=2, backend=kind, timeout=PATIENCE))
        except RuntimeError as error:
            # (The second start may be the second map's first, where the first needed one only.)
            assert told(error)
            raised += 1
        else:
            assert got == list(range(9, 0, -1))
    assert raised <= 1


@pytest.mark.parametrize("kind", kinds.LOCAL)
@pytest.mark.parametrize("number", [1, 2])
def test_a_pool_elsewhere_lives_on_wherever_a_start_fails(failing, kind, number):
    failing(number, prefix="")
    results = []
    with raddle.Pool(2, backend=kind) as pool:
        for n in range(-5, 0):
            try:
                results.append(pool.submit(abs, n).result(PATIENCE))
            except RuntimeError as error:
                assert told(error)
    assert results in (list(range(5, 0, -1)), list(range(4, 0, -1)))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_executor_goes_on_with_the_workers_that_could_start(
    failing, threading, futures, subject, number
):
    module = threading if subject == "raddle" else None
    failing(number, prefix="made", **({"module": module} if module else {}))
    with futures.ThreadPoolExecutor(3, thread_name_prefix="made") as pool:
        gate = threading.Event()
        accepted = []
        for n in range(6):
            try:
                accepted.append(pool.submit(lambda n=n: gate.wait(PATIENCE) and n))
            except RuntimeError:
                assert number == 1 and n == 0
        gate.set()
        numbers = [each.result(PATIENCE) for each in accepted]
    assert numbers == list(range(number == 1, 6))


@pytest.mark.raddle_only
def test_an_executor_with_contexts_goes_on_with_the_workers_that_could_start(
    failing, threading, futures
):
    class Own(futures.ThreadPoolExecutor):
        @classmethod
        def prepare_context(cls, *args, **kwargs):
            return super().prepare_context(*args, **kwargs)

    failing(2, prefix="made", module=threading)
    with Own(3, thread_name_prefix="made") as pool:
        gate = threading.Event()
        accepted = [pool.submit(lambda n=n: gate.wait(PATIENCE) and n) for n in range(4)]
        gate.set()
        assert [each.result(PATIENCE) for each in accepted] == [0, 1, 2, 3]
    failing(1, prefix="made", module=threading)
    with Own(3, thread_name_prefix="made") as pool:
        with pytest.raises(RuntimeError, match="can't start new thread"):
            pool.submit(abs, 1)
        assert pool.submit(abs, -2).result(PATIENCE) == 2


def test_a_timer_that_cannot_start_is_told_and_can_be_tried_again(failing, threading):
    called = threading.Event()
    failing(1, prefix="made", module=threading)
    timer = threading.Timer(0.001, called.set)
    timer.name = "made timer"
    with pytest.raises(RuntimeError, match="can't start new thread"):
        timer.start()
    assert not timer.is_alive() and timer not in threading.enumerate()
    timer.start()
    timer.join(PATIENCE)
    assert called.is_set()


INTERRUPTED = """
import sys

class Interrupt(BaseException):
    pass

def interrupt(frame, event, _):
    global left
    if frame.f_code.co_filename == threading.__file__ and event in ("call", "c_return"):
        left -= 1
        if left == 0:
            raise Interrupt

left = turn = 0
while left <= 0:
    turn += 1
    left = turn
    thread = threading.Thread(target=int)
    sys.setprofile(interrupt)
    try:
        thread.start()
    except Interrupt:
        pass
    finally:
        sys.setprofile(None)
print(turn > 5)
"""


@pytest.mark.raddle_only
def test_exit_does_not_wait_for_a_start_that_a_signal_has_interrupted(child):
    # A handler raises where a function begins, or where a call has returned.
    assert child(INTERRUPTED).stdout == "True\n"
