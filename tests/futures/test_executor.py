"""ThreadPoolExecutor: calls are made in order, each once, and everything that ends is told."""

import gc
import itertools
import logging
import sys
import threading as _threading
import time
import weakref

import pytest

SOON = 60  # seconds: a deadline that only a hang reaches


class Node:
    pass


# submit().


def test_a_call_gets_its_arguments_and_its_future_what_it_returns(pool):
    executor = pool(2)
    assert executor.submit(divmod, 17, 5).result(SOON) == (3, 2)
    assert executor.submit(dict, a=1, fn=2, self=3).result(SOON) == {"a": 1, "fn": 2, "self": 3}
    assert executor.submit(lambda *args, **kwargs: (args, kwargs)).result(SOON) == ((), {})


def test_submit_needs_a_function(pool):
    executor = pool(1)
    with pytest.raises(TypeError):
        executor.submit()
    with pytest.raises(TypeError):
        executor.submit(fn=int)
    with pytest.raises(TypeError):
        executor.submit(None).result(SOON)


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt, GeneratorExit])
def test_what_a_call_raises_is_its_futures_exception_and_the_worker_goes_on(pool, kind):
    executor, error = pool(1), kind("from a call")

    def fail():
        raise error

    future = executor.submit(fail)
    assert future.exception(SOON) is error
    with pytest.raises(kind) as caught:
        future.result()
    assert caught.value is error
    names = []
    traceback = error.__traceback__
    while traceback:
        names.append(traceback.tb_frame.f_code.co_name)
        traceback = traceback.tb_next
    assert names[-1] == "fail"
    assert executor.submit(int).result(SOON) == 0 and len(executor._threads) == 1


def test_one_worker_makes_the_calls_in_the_order_of_their_submission(pool, threading):
    executor, go, order = pool(1), threading.Event(), []
    first = executor.submit(go.wait, SOON)
    calls = [executor.submit(order.append, number) for number in range(500)]
    go.set()
    assert first.result(SOON) is True
    for call in calls:
        assert call.result(SOON) is None
    assert order == list(range(500))


def test_a_call_is_running_while_it_is_made_and_cannot_be_cancelled(pool, threading):
    executor, begun, go = pool(1), threading.Event(), threading.Event()
    future = executor.submit(lambda: (begun.set(), go.wait(SOON)))
    waiting = executor.submit(int)
    assert begun.wait(SOON)
    assert future.running() and not future.done() and not future.cancel()
    assert not waiting.running() and waiting.cancel()
    go.set()
    assert future.result(SOON) == (None, True) and not future.running()


def test_a_call_that_was_cancelled_is_never_made(futures, pool, threading):
    executor, go, made = pool(1), threading.Event(), []
    executor.submit(go.wait, SOON)
    calls = [executor.submit(made.append, number) for number in range(50)]
    cancelled = [call.cancel() for call in calls[::2]]
    assert cancelled == [True] * 25
    go.set()
    done, pending = futures.wait(calls, SOON)
    assert done == set(calls) and not pending
    assert made == list(range(1, 50, 2))
    assert {call._state for call in calls[::2]} == {"CANCELLED_AND_NOTIFIED"}


def test_calls_may_submit_calls_and_wait_for_them(pool):
    executor = pool(8)

    def tree(depth):
        if depth == 0:
            return 1
        return 1 + executor.submit(tree, depth - 1).result(SOON)

    assert executor.submit(tree, 6).result(SOON) == 7


def test_a_chain_of_calls_each_submitting_the_next_ends(pool, threading):
    executor, ended = pool(2), threading.Event()

    def step(left):
        if left:
            executor.submit(step, left - 1)
        else:
            ended.set()

    executor.submit(step, 2000)
    assert ended.wait(SOON)


@pytest.mark.raddle_only
def test_a_destructor_may_submit(pool, until):
    # (The stdlib's, which collects garbage with its lock held, hangs.)
    executor, made = pool(4), []

    class Late:
        def __init__(self):
            self.me = self

        def __del__(self):
            made.append(executor.submit(int))

    old = gc.get_threshold()
    gc.set_threshold(1, 1, 1)
    try:
        for _ in range(300):
            Late()
            executor.submit(Late).result(SOON)
    finally:
        gc.set_threshold(*old)
    until(lambda: gc.collect() is not None and len(made) == 600)
    for future in made:
        assert future.result(SOON) == 0


@pytest.mark.raddle_only
def test_a_destructor_may_submit_while_its_thread_starts_a_worker(pool, threading, monkeypatch):
    # The stdlib's waits for a lock that the thread has already.
    executor, inner = pool(3), []
    start = threading.Thread.start

    def start_and_submit(thread):
        if len(inner) < 2:
            inner.append(executor.submit(int))
        start(thread)

    monkeypatch.setattr(worker_class(executor), "start", start_and_submit)
    assert executor.submit(int).result(SOON) == 0
    assert [one.result(SOON) for one in inner] == [0] * len(inner) and inner


def test_every_call_of_many_threads_is_made_once(futures, pool, spawn):
    executor, made, submitters, count = pool(4), [], 8, 1500

    def submit(me):
        return [executor.submit(made.append, (me, number)) for number in range(count)]

    threads = [spawn(submit, me) for me in range(submitters)]
    calls = [call for each in threads for call in each.result()]
    done, pending = futures.wait(calls, SOON)
    assert not pending and {call.exception() for call in done} == {None}
    assert len(made) == len(set(made)) == submitters * count
    for me in range(submitters):
        mine = [number for who, number in made if who == me]
        assert set(mine) == set(range(count))


def test_whoever_waits_for_one_call_at_a_time_gets_each(pool, spawn):
    executor = pool(3)

    def ask(me):
        return [executor.submit(lambda n=n: (me, n)).result(SOON) for n in range(400)]

    threads = [spawn(ask, me) for me in range(4)]
    for me, each in enumerate(threads):
        assert each.result() == [(me, n) for n in range(400)]


# Workers.


def worker_class(executor):
    """The class that the executor's workers are instances of."""
    probe = type(executor)(1)
    probe.submit(int).result(SOON)
    (worker,) = probe._threads
    probe.shutdown()
    return type(worker)


def test_workers_are_started_as_needed_and_never_more_than_said(pool, threading, subject):
    executor = pool(3)
    assert len(executor._threads) == 0
    for _ in range(20):
        executor.submit(int).result(SOON)
    # (The stdlib's counts a worker as idle only some time after its call has ended.)
    assert len(executor._threads) == 1 or subject == "stdlib"
    for wave in range(3):
        meeting = threading.Barrier(3)
        calls = [executor.submit(meeting.wait, SOON) for _ in range(3)]
        assert sorted(call.result(SOON) for call in calls) == [0, 1, 2], wave
        assert len(executor._threads) == 3
    calls = [executor.submit(int) for _ in range(200)]
    assert [call.result(SOON) for call in calls] == [0] * 200
    assert len(executor._threads) == 3


def test_calls_that_meet_find_workers_however_busy_the_others_are(pool, threading):
    # A worker that takes a call just when another is asked for made up for one, and was gone.
    for _ in range(150):
        executor = pool(3)
        for _ in range(20):
            executor.submit(int).result(SOON)
        meeting = threading.Barrier(3)
        calls = [executor.submit(meeting.wait, SOON) for _ in range(3)]
        assert sorted(call.result(SOON) for call in calls) == [0, 1, 2]
        executor.shutdown()


def test_calls_that_wait_for_each_other_all_find_a_worker(pool, threading):
    executor = pool(4)
    for _ in range(200):
        meeting = threading.Barrier(4)
        calls = [executor.submit(meeting.wait, SOON) for _ in range(4)]
        assert sorted(call.result(SOON) for call in calls) == [0, 1, 2, 3]


@pytest.mark.parametrize("prefix", ["mine", ""])
def test_workers_have_names(pool, threading, prefix):
    executor = pool(2, thread_name_prefix=prefix)
    meeting = threading.Barrier(2)

    def name():
        meeting.wait(SOON)
        return _threading.current_thread().name

    names = [executor.submit(name) for _ in range(2)]
    names = sorted(each.result(SOON) for each in names)
    assert names == sorted(thread.name for thread in executor._threads)
    base = names[0][:-2]
    assert names == [f"{base}_0", f"{base}_1"]
    assert base == prefix if prefix else base.startswith("ThreadPoolExecutor-")


@pytest.mark.parametrize("workers", [0, -1, False])
def test_a_number_of_workers_that_is_not_positive_is_refused(futures, workers):
    with pytest.raises(ValueError, match="max_workers must be greater than 0"):
        futures.ThreadPoolExecutor(workers)
    with pytest.raises(ValueError, match="max_workers must be greater than 0"):
        futures.ThreadPoolExecutor(max_workers=workers)
    with pytest.raises(TypeError):
        futures.ThreadPoolExecutor("4")


def test_the_number_of_workers_follows_from_the_cores_unless_given(futures, stock_futures):
    ours, theirs = futures.ThreadPoolExecutor(), stock_futures.ThreadPoolExecutor()
    assert ours._max_workers == theirs._max_workers
    assert futures.ThreadPoolExecutor(7)._max_workers == 7


@pytest.mark.raddle_only
def test_idle_workers_sleep(pool, threading, until):
    executor, meeting = pool(4), threading.Barrier(4)
    for call in [executor.submit(meeting.wait, SOON) for _ in range(4)]:
        call.result(SOON)
    until(lambda: executor._work_queue._idle() == (4, 4))
    for _ in range(50):
        executor.submit(int).result(SOON)
    until(lambda: executor._work_queue._idle() == (4, 4))


@pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="no clocks of threads")
def test_idle_workers_use_no_processor_time(pool, threading, asleep):
    executor, meeting = pool(3), threading.Barrier(3)
    for call in [executor.submit(meeting.wait, SOON) for _ in range(3)]:
        call.result(SOON)
    asleep(*executor._threads)
    clocks = [time.pthread_getcpuclockid(thread.ident) for thread in executor._threads]
    before = [time.clock_gettime(clock) for clock in clocks]
    end = time.thread_time() + 0.5
    while time.thread_time() < end:
        sum(range(1000))
    after = [time.clock_gettime(clock) for clock in clocks]
    assert sum(after) - sum(before) < 0.05


def test_a_worker_survives_a_callback_that_raises_what_is_no_exception(pool, threading):
    executor, go = pool(1), threading.Event()

    def stop(future):
        raise KeyboardInterrupt

    first = executor.submit(go.wait, SOON)
    calls = [executor.submit(pow, number, 2) for number in range(6)]
    if hasattr(executor._work_queue, "_idle"):
        for call in (first, *calls[::2]):
            call.add_done_callback(stop)
    go.set()
    assert [call.result(SOON) for call in calls] == [0, 1, 4, 9, 16, 25]
    assert executor.submit(int).result(SOON) == 0


def test_a_callback_of_a_call_is_called_by_the_worker_and_may_submit(pool, threading, until):
    executor, seen, go = pool(1), [], threading.Event()

    def more(future):
        seen.append((_threading.current_thread().name, executor.submit(int)))

    future = executor.submit(go.wait, SOON)
    future.add_done_callback(more)
    go.set()
    until(lambda: seen)
    (worker,) = executor._threads
    assert seen[0][0] == worker.name and seen[0][1].result(SOON) == 0


# The initializer.


def test_the_initializer_runs_once_in_each_worker_before_its_calls(pool, threading):
    local, count, meeting = threading.local(), itertools.count(1), threading.Barrier(3)

    def initialize(base):
        local.number = base + next(count)

    def number():
        meeting.wait(SOON)
        return local.number

    executor = pool(3, initializer=initialize, initargs=(10,))
    for _ in range(2):
        calls = [executor.submit(number) for _ in range(3)]
        assert sorted(call.result(SOON) for call in calls) == [11, 12, 13]


def test_an_initializer_that_cannot_be_called_is_refused(futures):
    with pytest.raises(TypeError, match="initializer must be a callable"):
        futures.ThreadPoolExecutor(initializer=3)


def test_an_initializer_that_fails_breaks_the_executor(futures, pool, threading, caplog, until):
    from concurrent.futures.thread import BrokenThreadPool

    go = threading.Event()

    def fail():
        assert go.wait(SOON)
        raise ValueError("from the initializer")

    executor = pool(2, initializer=fail)
    calls = [executor.submit(int) for _ in range(5)]
    go.set()
    for call in calls:
        with pytest.raises(BrokenThreadPool):
            call.result(SOON)
    with pytest.raises(BrokenThreadPool, match="initializer failed"):
        until(lambda: executor.submit(int) and False)
    assert issubclass(BrokenThreadPool, futures.BrokenExecutor)
    until(lambda: "Exception in initializer:" in caplog.text)
    assert {record.levelno for record in caplog.records} == {logging.CRITICAL}
    executor.shutdown()


@pytest.mark.raddle_only
def test_an_initializer_that_fails_in_an_executor_that_is_gone_still_ends_its_calls(
    futures, threading, caplog
):
    go = threading.Event()

    def fail():
        assert go.wait(SOON)
        raise ValueError

    executor = futures.ThreadPoolExecutor(2, initializer=fail)
    calls = [executor.submit(int) for _ in range(5)]
    reference = weakref.ref(executor)
    del executor
    gc.collect()
    assert reference() is None
    go.set()
    for call in calls:
        assert isinstance(call.exception(SOON), futures.BrokenExecutor)


# What it looks like from outside.


def test_it_is_an_executor_of_the_stdlib(futures, stock_futures):
    import concurrent.futures

    executor = futures.ThreadPoolExecutor(1)
    assert isinstance(executor, concurrent.futures.ThreadPoolExecutor)
    assert isinstance(executor, stock_futures.ThreadPoolExecutor)
    assert isinstance(executor, futures.Executor)
    assert type(executor).__module__ == "concurrent.futures.thread"
    assert type(executor.submit(int)) is futures.Future
    executor.shutdown()


@pytest.mark.raddle_only
def test_the_module_exports_what_the_stdlibs_does(futures):
    import concurrent.futures

    assert set(futures.__all__) - set(concurrent.futures.__all__) <= {"InvalidStateError"}
    assert set(futures.__all__) >= set(concurrent.futures.__all__)
    for name in futures.__all__:
        assert getattr(futures, name) is not None and name in dir(futures)
    assert futures.TimeoutError is TimeoutError
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = futures.nonsense
    assert futures.ProcessPoolExecutor is concurrent.futures.ProcessPoolExecutor
    assert ("InterpreterPoolExecutor" in futures.__all__) is (sys.version_info >= (3, 14))


def test_no_worker_is_started_where_max_workers_is_set_below_zero(threading, futures):
    gate = threading.Event()
    with futures.ThreadPoolExecutor(3) as pool:
        first = pool.submit(gate.wait, 60)
        pool._max_workers = -1
        others = [pool.submit(abs, n) for n in range(-3, 0)]
        assert len(pool._threads) == 1
        gate.set()
        assert first.result(60) and [each.result(60) for each in others] == [3, 2, 1]
