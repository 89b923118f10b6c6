"""ThreadPoolExecutor.map(): in order, in time, bounded, and nothing kept."""

import gc
import itertools
import sys
import weakref

import pytest

SOON = 60  # seconds: a deadline that only a hang reaches


class Node:
    pass


def test_map_gives_the_results_in_the_order_of_the_inputs(pool):
    executor = pool(4)
    assert list(executor.map(pow, range(300), itertools.repeat(2))) == [
        n * n for n in range(300)
    ]
    assert list(executor.map(divmod, [7, 8], [2, 3, 4])) == [(3, 1), (2, 2)]
    assert list(executor.map(int, [])) == []


def test_map_submits_at_once_and_yields_what_is_done(pool, threading):
    executor, go = pool(2), threading.Event()
    results = executor.map(lambda n: n if n < 2 else go.wait(SOON), range(4))
    assert next(results) == 0 and next(results) == 1
    go.set()
    assert list(results) == [True, True]


def test_map_raises_what_a_call_raised_and_cancels_the_rest(pool, threading, until):
    executor, go, made = pool(1), threading.Event(), []

    def call(number):
        if number == 1:
            raise KeyError(number)
        made.append(number)
        if number == 2:
            go.wait(SOON)
        return number

    results = executor.map(call, range(200))
    assert next(results) == 0
    with pytest.raises(KeyError):
        next(results)
    results.close()
    go.set()
    with pytest.raises(StopIteration):
        next(results)
    executor.shutdown()
    assert len(made) < 200


def outcomes(results):
    """Return what next() gives or raises, six times."""
    seen = []
    for _ in range(6):
        try:
            seen.append(next(results))
        except Exception as error:
            seen.append((type(error), str(error)))
    return seen


def inverse(number):
    return 6 // number


@pytest.mark.parametrize("more", [{}, {"timeout": SOON}, {"buffersize": 2}])
def test_map_does_after_an_exception_what_this_version_does(pool, stock_futures, more):
    known = dict(more)
    if sys.version_info < (3, 14):
        known.pop("buffersize", None)
    with stock_futures.ThreadPoolExecutor(2) as stock:
        theirs = outcomes(stock.map(inverse, [2, 0, 3, 0], **known))
    assert outcomes(pool(2).map(inverse, [2, 0, 3, 0], **more)) == theirs
    assert theirs[:2] == [3, (ZeroDivisionError, theirs[1][1])]


@pytest.mark.raddle_only
@pytest.mark.parametrize("more", [{}, {"timeout": SOON}, {"buffersize": 2}])
def test_map_can_go_on_after_an_exception(pool, monkeypatch, more):
    from raddle._futures import executor

    monkeypatch.setattr(executor, "MAP_GOES_ON", True)  # As where the stdlib's does.
    failed = (ZeroDivisionError, outcomes(pool(1).map(inverse, [0]))[0][1])
    ended = (StopIteration, "")
    seen = outcomes(pool(2).map(inverse, [2, 0, 3, 0], **more))
    assert seen == [3, failed, 2, failed, ended, ended]
    results = pool(2).map(inverse, [2, 0, 3], **more)
    assert next(results) == 3
    results.close()
    assert outcomes(results) == [ended] * 6


@pytest.mark.raddle_only
def test_a_map_that_goes_on_ends_in_time_and_passes_what_was_cancelled(
    pool, monkeypatch, threading, futures
):
    from raddle._futures import executor

    monkeypatch.setattr(executor, "MAP_GOES_ON", True)
    one, go, begun = pool(1), threading.Event(), threading.Event()
    results = one.map(lambda n: begun.set() or go.wait(SOON), range(3))
    assert begun.wait(SOON)
    one.shutdown(wait=False, cancel_futures=True)
    go.set()
    assert next(results) is True
    assert [kind for kind, _ in outcomes(results)][:3] == [
        futures.CancelledError,
        futures.CancelledError,
        StopIteration,
    ]
    pause = threading.Event()
    late = pool(1).map(lambda n: pause.wait(SOON), range(3), timeout=0)
    with pytest.raises(TimeoutError):
        next(late)
    pause.set()
    assert outcomes(late)[0] == (StopIteration, "")


@pytest.mark.parametrize("timeout", [0, 0.05])
def test_map_gives_up_in_time(futures, pool, threading, timeout):
    executor, go = pool(1), threading.Event()
    results = executor.map(lambda n: go.wait(SOON), range(3), timeout=timeout)
    try:
        with pytest.raises(futures.TimeoutError):
            next(results)
    finally:
        go.set()


def test_a_map_that_is_let_go_cancels_what_has_not_begun(pool, threading):
    executor, go, made = pool(1), threading.Event(), []
    results = executor.map(lambda n: made.append(n) or go.wait(SOON), range(50))
    iterator = iter(results)
    del results
    iterator.close()
    go.set()
    executor.shutdown()
    # (A generator that has not begun has nothing to clean up: as in the stdlib, all are made.)
    assert len(made) == 50
    executor, made = pool(1), []
    go.clear()
    results = executor.map(lambda n: made.append(n) or (n and go.wait(SOON)), range(50))
    assert next(results) == 0
    results.close()
    go.set()
    executor.shutdown()
    assert len(made) <= 2


class TestBuffersize:
    @pytest.fixture(autouse=True)
    def offered(self, subject):
        if subject == "stdlib" and sys.version_info < (3, 14):
            pytest.skip("buffersize is new in 3.14")

    def test_only_so_many_calls_are_ahead(self, pool):
        executor, taken = pool(2), []

        def inputs():
            for number in itertools.count():
                taken.append(number)
                yield number

        results = executor.map(abs, inputs(), buffersize=4)
        assert len(taken) == 4
        for number in range(50):
            assert next(results) == number
            assert len(taken) <= number + 5
        results.close()

    def test_all_results_come_however_large_it_is(self, pool):
        executor = pool(3)
        for size in (1, 2, 7, 1000):
            assert list(executor.map(abs, range(40), buffersize=size)) == list(range(40))

    @pytest.mark.parametrize(
        "size, error", [(0, ValueError), (-1, ValueError), ("1", TypeError)]
    )
    def test_a_size_that_makes_no_sense_is_refused(self, pool, size, error):
        with pytest.raises(error, match="buffersize must be"):
            pool(1).map(abs, [1], buffersize=size)

    @pytest.mark.raddle_only
    def test_it_ends_when_the_executor_is_gone(self, futures, until):
        executor = futures.ThreadPoolExecutor(1)
        results = executor.map(abs, itertools.count(), buffersize=3)
        assert next(results) == 0
        reference = weakref.ref(executor)
        executor.shutdown()
        del executor
        until(lambda: gc.collect() is not None and reference() is None)
        assert len(list(results)) <= 4


def test_map_keeps_no_result_that_it_has_given_away(pool, let_go):
    for node in pool(1).map(lambda n: Node(), range(3)):
        reference = weakref.ref(node)
        del node
        let_go(reference)
