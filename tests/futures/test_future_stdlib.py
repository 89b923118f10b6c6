"""The stdlib's functions and asyncio on raddle's futures, and the other way round."""

import asyncio
import gc
import threading as _threading
import time
import weakref

import pytest

SOON = 60  # seconds: a deadline that only a hang reaches


# The stdlib's functions on raddle's futures, and the other way round.


MIXES = {"ours": [0, 0, 0], "theirs": [1, 1, 1], "mixed": [0, 1, 0]}


@pytest.fixture(params=MIXES)
def mix(request, futures, stock_futures):
    """Three new futures, of one kind or of both."""
    kinds = (futures.Future, stock_futures.Future)
    return [kinds[which]() for which in MIXES[request.param]]


@pytest.fixture(params=["ours", "theirs"])
def functions(request, futures, stock_futures):
    """The `wait` and `as_completed` of the subject, and of the stdlib."""
    return futures if request.param == "ours" else stock_futures


def test_wait_returns_at_the_first_end(functions, mix, spawn):
    waiter = spawn(functions.wait, mix, SOON, functions.FIRST_COMPLETED)
    mix[1].set_result(1)
    done, pending = waiter.result()
    assert done == {mix[1]} and pending == {mix[0], mix[2]}
    assert functions.wait(mix, 0, functions.FIRST_COMPLETED) == (done, pending)


def test_wait_returns_at_the_first_exception_and_not_at_a_cancellation(functions, mix, spawn):
    waiter = spawn(functions.wait, mix, SOON, functions.FIRST_EXCEPTION)
    mix[0].set_result(1)
    mix[1].cancel()
    mix[1].set_running_or_notify_cancel()
    assert functions.wait(mix, 0.01, functions.FIRST_EXCEPTION).done == {mix[0], mix[1]}
    mix[2].set_exception(KeyError())
    done, pending = waiter.result()
    assert done == set(mix) and pending == set()


def test_wait_for_all_waits_for_the_last(functions, mix, spawn, asleep):
    waiter = spawn(functions.wait, mix)
    asleep(waiter)
    mix[0].set_result(1)
    mix[1].set_exception(KeyError())
    asleep(waiter)
    mix[2].cancel()
    asleep(waiter)  # Until the worker that would have run it says that it has noticed.
    mix[2].set_running_or_notify_cancel()
    done, pending = waiter.result()
    assert done == set(mix) and pending == set()


def test_wait_gives_up_in_time_and_says_what_is_done(functions, mix):
    mix[2].set_result(1)
    start = time.perf_counter_ns()
    done, pending = functions.wait(mix, 0.05)
    assert time.perf_counter_ns() - start >= 0.05e9
    assert done == {mix[2]} and pending == {mix[0], mix[1]}
    assert functions.wait(mix, -1) == functions.wait(mix, 0) == (done, pending)


def test_wait_refuses_a_condition_that_does_not_exist(functions, mix):
    with pytest.raises(ValueError, match="Invalid return condition"):
        functions.wait(mix, return_when="NEVER")
    assert functions.wait([], return_when="NEVER") == (set(), set())


def test_wait_takes_any_iterable_and_a_future_twice(functions, mix):
    for future in mix:
        future.set_result(1)
    assert functions.wait(iter(mix + mix)).done == set(mix)
    with pytest.raises(TypeError):
        functions.wait(mix[0])


def test_as_completed_yields_each_as_it_ends(functions, mix, spawn, threading, asleep):
    order, turns = [], threading.Semaphore(0)

    def iterate():
        for future in functions.as_completed(mix, SOON):
            order.append(future)
            turns.release()

    iterator = spawn(iterate)
    asleep(iterator)
    mix[1].set_result(1)
    assert turns.acquire(timeout=SOON)
    mix[2].set_exception(KeyError())
    assert turns.acquire(timeout=SOON)
    mix[0].cancel()
    mix[0].set_running_or_notify_cancel()
    iterator.result()
    assert order == [mix[1], mix[2], mix[0]]


def test_as_completed_yields_a_future_once_and_those_that_are_done_first(functions, mix):
    mix[1].set_result(1)
    iterator = functions.as_completed(mix + mix, SOON)
    assert next(iterator) is mix[1]
    mix[0].set_result(0)
    assert next(iterator) is mix[0]
    mix[2].set_result(0)
    assert list(iterator) == [mix[2]]
    assert list(functions.as_completed([])) == []


@pytest.mark.parametrize("timeout", [0, 0.02, -1])
def test_as_completed_says_how_many_have_not_ended_in_time(functions, mix, timeout):
    mix[0].set_result(1)
    iterator = functions.as_completed(mix, timeout)
    assert next(iterator) is mix[0]
    with pytest.raises(functions.TimeoutError, match=r"^2 \(of 3\) futures unfinished$"):
        next(iterator)


def test_as_completed_keeps_no_future_that_it_has_given_away(functions, mix):
    references = [weakref.ref(future) for future in mix]
    for future in mix:
        future.set_result(1)
    kept = list(mix)
    mix.clear()
    del future
    iterator = functions.as_completed(kept)
    for gone in range(3):
        given = next(iterator)
        kept.clear()
        assert sum(one() is None for one in references) == gone
        del given
    assert [one() for one in references] == [None] * 3


def test_waiting_leaves_nothing_behind_on_futures_that_go_on(functions, mix):
    before = [gc.get_referents(future) for future in mix]
    functions.wait(mix, 0.001)
    with pytest.raises(functions.TimeoutError):
        next(functions.as_completed(mix, 0.001))
    iterator = functions.as_completed(mix, SOON)
    mix[0].set_result(1)
    next(iterator)
    iterator.close()
    for future in mix[1:]:
        assert not any("Waiter" in type(r).__name__ for r in gc.get_referents(future)), before
        assert not future._waiters and not future._done_callbacks


def test_many_waits_for_the_same_futures_all_end(functions, futures, spawn):
    for _ in range(20):
        mine = [futures.Future() for _ in range(10)]
        waiters = [spawn(functions.wait, mine, SOON) for _ in range(2)]
        waiters += [spawn(lambda mine=mine: list(functions.as_completed(mine, SOON)))]
        for number, future in enumerate(mine):
            future.set_result(number)
        for each in waiters[:2]:
            assert each.result().not_done == set()
        assert set(waiters[2].result()) == set(mine)


def test_a_stdlib_waiter_on_the_list_is_told(futures):
    class Waiter:
        def __init__(self):
            self.told = []

        def add_result(self, future):
            self.told.append(("result", future))

        def add_exception(self, future):
            self.told.append(("exception", future))

        def add_cancelled(self, future):
            self.told.append(("cancelled", future))

    told = []
    for end in ("set_result", "set_exception", "cancel"):
        future, waiter = futures.Future(), Waiter()
        with future._condition:
            future._waiters.append(waiter)
        getattr(future, end)(*() if end == "cancel" else (KeyError(),))
        if end == "cancel":
            assert waiter.told == [], "a cancellation counts once it is noticed"
            future.set_running_or_notify_cancel()
        told += [(name, one is future) for name, one in waiter.told]
    assert told == [("result", True), ("exception", True), ("cancelled", True)]


def test_a_future_stays_as_it_is_while_its_condition_is_held(futures, spawn, asleep):
    future = futures.Future()
    with future._condition:
        threads = [spawn(future.set_result, 1), spawn(future.result, SOON)]
        asleep(*(each.thread for each in threads))
        assert future._state == "PENDING"
    assert threads[1].result() == 1


def test_states_that_programs_write_count(futures):
    future = futures.Future()
    with future._condition:
        future._state, future._result = "FINISHED", 7
        future._condition.notify_all()
    assert future.done() and future.result(0) == 7 and future._result == 7
    future = futures.Future()
    future._exception = KeyError("k")
    future._state = "FINISHED"
    with pytest.raises(KeyError):
        future.result(0)
    assert future._waiters == [] and future._done_callbacks == []


# asyncio.


def test_asyncio_wraps_a_future_and_passes_results_and_cancellation_on(futures):
    async def main():
        future = futures.Future()
        wrapped = asyncio.wrap_future(future)
        _threading.Timer(0.01, future.set_result, [7]).start()
        assert await asyncio.wait_for(wrapped, SOON) == 7
        failed = futures.Future()
        failed.set_exception(KeyError("k"))
        with pytest.raises(KeyError):
            await asyncio.wrap_future(failed)
        cancelled = futures.Future()
        wrapped = asyncio.wrap_future(cancelled)
        wrapped.cancel()
        await asyncio.sleep(0)
        assert cancelled.cancelled()
        other = futures.Future()
        wrapped = asyncio.wrap_future(other)
        other.cancel()
        with pytest.raises(asyncio.CancelledError):
            await wrapped

    asyncio.run(main())


def test_a_coroutine_run_from_another_thread_gives_a_future_of_the_stdlibs(futures, spawn):
    loop = asyncio.new_event_loop()
    runner = spawn(loop.run_forever)
    try:

        async def seven():
            return 7

        future = asyncio.run_coroutine_threadsafe(seven(), loop)
        assert futures.wait([future], SOON).done == {future} and future.result(0) == 7
    finally:
        loop.call_soon_threadsafe(loop.stop)
        runner.result()
        loop.close()
