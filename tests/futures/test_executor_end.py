"""ThreadPoolExecutor.shutdown(): what was accepted ends, and nothing comes in."""

import contextlib

import pytest

SOON = 60  # seconds: a deadline that only a hang reaches


def test_shutdown_waits_until_all_calls_are_made_and_all_workers_ended(pool, threading):
    executor, made = pool(3), []
    for number in range(200):
        executor.submit(made.append, number)
    workers = list(executor._threads)
    executor.shutdown()
    assert sorted(made) == list(range(200))
    assert workers and not any(thread.is_alive() for thread in workers)
    executor.shutdown()


def test_shutdown_without_waiting_leaves_the_calls_to_the_workers(pool, threading, until):
    executor, go, made = pool(2), threading.Event(), []
    calls = [executor.submit(go.wait, SOON) for _ in range(2)]
    calls += [executor.submit(made.append, number) for number in range(50)]
    executor.shutdown(wait=False)
    assert not any(call.done() for call in calls)
    go.set()
    for call in calls:
        call.result(SOON)
    assert sorted(made) == list(range(50))
    until(lambda: not any(thread.is_alive() for thread in executor._threads))


@pytest.mark.parametrize("wait", [True, False])
def test_shutdown_may_cancel_what_has_not_begun(futures, pool, threading, spawn, wait):
    executor, begun, go, made = pool(2), threading.Barrier(3), threading.Event(), []

    def first():
        begun.wait(SOON)
        return go.wait(SOON)

    running = [executor.submit(first) for _ in range(2)]
    begun.wait(SOON)
    waiting = [executor.submit(made.append, number) for number in range(50)]
    ender = spawn(lambda: executor.shutdown(wait, cancel_futures=True))
    for call in waiting:
        with pytest.raises(futures.CancelledError):
            call.result(SOON)
    go.set()
    ender.result()
    assert [call.result(SOON) for call in running] == [True, True]
    assert made == [] and all(call.cancelled() for call in waiting)


def test_nothing_can_be_submitted_after_shutdown(pool):
    executor = pool(1)
    executor.submit(int).result(SOON)
    executor.shutdown(wait=False)
    for _ in range(2):
        with pytest.raises(RuntimeError, match=r"^cannot schedule new futures after shutdown$"):
            executor.submit(int)
    with pytest.raises(RuntimeError, match=r"^cannot schedule new futures after shutdown$"):
        executor.map(int, "12")
    unused = pool(1)
    unused.shutdown()
    with pytest.raises(RuntimeError):
        unused.submit(int)


def test_with_shuts_down_at_the_end_whatever_happened(futures):
    made = []
    with pytest.raises(ZeroDivisionError), futures.ThreadPoolExecutor(2) as executor:
        assert isinstance(executor, futures.ThreadPoolExecutor)
        for number in range(100):
            executor.submit(made.append, number)
        raise ZeroDivisionError
    assert len(made) == 100 and executor._shutdown


def test_a_call_may_shut_its_executor_down(pool, until):
    executor = pool(2)
    assert executor.submit(executor.shutdown, False).result(SOON) is None
    with pytest.raises(RuntimeError):
        executor.submit(int)
    until(lambda: not any(thread.is_alive() for thread in executor._threads))


def test_what_was_accepted_before_or_during_shutdown_ends(futures, spawn, threading):
    for round in range(30):
        executor, start, accepted = futures.ThreadPoolExecutor(4), threading.Barrier(4), []

        def submit(executor=executor, start=start, accepted=accepted):
            start.wait(SOON)
            with pytest.raises(RuntimeError, match="after shutdown"):
                while True:
                    accepted.append(executor.submit(int))

        threads = [spawn(submit) for _ in range(3)]
        start.wait(SOON)
        executor.shutdown(wait=True, cancel_futures=round % 2 == 1)
        for each in threads:
            each.result()
        for call in accepted:
            with contextlib.suppress(futures.CancelledError):
                assert call.result(SOON) == 0
        assert not any(thread.is_alive() for thread in list(executor._threads))


@pytest.mark.raddle_only
def test_wait_counts_what_shutdown_has_cancelled(futures, pool, threading):
    # The stdlib's waits for a worker to notice, which none ever does.
    executor, go = pool(1), threading.Event()
    calls = [executor.submit(go.wait, SOON) for _ in range(4)]
    calls[3].cancel()
    executor.shutdown(wait=False, cancel_futures=True)
    go.set()
    assert futures.wait(calls, SOON).not_done == set()
    assert set(futures.as_completed(calls, SOON)) == set(calls)


@pytest.mark.raddle_only
def test_shutdown_waits_for_a_worker_that_is_being_started(futures, threading, spawn):
    """A call was accepted, and its worker is not there yet, when the executor is shut down."""
    executor, entered, go = futures.ThreadPoolExecutor(2), threading.Event(), threading.Event()
    lock = executor._shutdown_lock

    class Slow:
        """The executor's own lock, but for a pause for the first that takes it."""

        def __enter__(self):
            if not entered.is_set():
                entered.set()
                assert go.wait(SOON)
            return lock.__enter__()

        def __exit__(self, *args):
            return lock.__exit__(*args)

        def acquire(self, *args):
            self.__enter__()
            return True

        def release(self):
            self.__exit__()

    executor._shutdown_lock = Slow()
    made = []
    submitter = spawn(executor.submit, made.append, 1)
    assert entered.wait(SOON)
    spawn(executor.shutdown).result()
    assert made == [1] and not any(thread.is_alive() for thread in executor._threads)
    go.set()
    submitter.result().result(SOON)
    assert not any(thread.is_alive() for thread in executor._threads)
