"""Seconds for each call of a map, and for one that is submitted: the call ends, no worker."""

import kinds
import pytest
import raddle

pytestmark = pytest.mark.raddle_only

LONG = 1000  # seconds that nothing here takes


def nap(seconds):
    raddle.sleep(seconds)
    return seconds


@pytest.mark.parametrize("kind", [kinds.param("threads"), kinds.param("processes")])
def test_each_call_has_its_own_seconds(kind):
    results = list(
        raddle.map(nap, [0, LONG, 0.001], workers=2, backend=kind, each=2, on_error="return")
    )
    assert results[0] == 0 and results[2] == 0.001
    assert isinstance(results[1], TimeoutError) and "was asleep" in str(results[1])


def test_a_pool_goes_on_after_a_call_that_was_too_slow():
    with raddle.Pool(1) as pool:
        with pytest.raises(TimeoutError, match="has passed"):
            list(pool.map(nap, [LONG], each=0.01))
        with pytest.raises(TimeoutError, match="has passed"):
            pool.submit(nap, LONG, deadline=0.01).result()
        assert pool.submit(nap, 0, deadline=LONG).result() == 0
        assert list(pool.starmap(nap, [(0,)], each=LONG)) == [0]


def test_the_time_without_a_free_worker_counts(threading):
    go = threading.Event()
    with raddle.Pool(1) as pool:
        first = pool.submit(go.wait)
        second = pool.submit(nap, 0, deadline=0)
        go.set()
        assert first.result() is True
        with pytest.raises(TimeoutError, match="before a worker was free"):
            second.result()


@pytest.mark.parametrize("wrong", ["1", [], -1, float("nan")])
def test_what_is_no_number_of_seconds_is_refused_at_once(wrong):
    with pytest.raises((TypeError, ValueError)):
        raddle.map(nap, [], each=wrong)
    with raddle.Pool(1) as pool, pytest.raises((TypeError, ValueError)):
        pool.submit(nap, 0, deadline=wrong)


@pytest.mark.parametrize("kind", [kinds.param("interpreters")])
def test_interpreters_have_none(kind):
    with pytest.raises(ValueError, match="for threads and processes"):
        raddle.map(nap, [0], backend=kind, each=1)
