"""Pools, groups, timers and tasks under exploration, and what a run leaves behind."""

import contextlib
import gc
import logging
import weakref

import pytest
import raddle
from raddle import futures, threading

pytestmark = pytest.mark.raddle_only


def fails(fn, **options):
    """Return whether exploring `fn` finds that it asserts what may be wrong."""
    try:
        raddle.explore(fn, seed=1, **options)
    except (AssertionError, ExceptionGroup):
        return True
    return False


def test_what_has_no_line_of_its_own_is_a_point():
    def timer():
        fired = []
        made = threading.Timer(0, fired.append, [1])
        made.start()
        if not fired:
            made.cancel()
            assert not fired, "in between"
        made.join()

    def group():
        done = []
        with raddle.Group() as group:
            group.start(done.append, 1)
            if not done:
                group.cancel()
                assert not done, "in between"

    def pool():
        done = []
        with raddle.Pool(1) as pool:
            pool.submit(done.append, 1)
            if not done:
                pool.submit(done.append, 2)
                assert not done, "in between"

    for each in (timer, group, pool):
        assert fails(each), each.__name__


@pytest.mark.parametrize("kind", ["pool", "map", "executor"])
def test_workers_take_turns(kind):
    def lost():
        lock, total = threading.Lock(), [0]

        def add(_):
            with lock:
                before = total[0]
            with lock:
                total[0] = before + 1

        if kind == "map":
            list(raddle.map(add, range(2), workers=2))
        else:
            make = raddle.Pool if kind == "pool" else futures.ThreadPoolExecutor
            with make(2) as pool:
                for each in [pool.submit(add, 0), pool.submit(add, 1)]:
                    each.result(60)
        assert total == [2]

    assert fails(lost, runs=400)


@pytest.mark.parametrize("make", [futures.ThreadPoolExecutor, raddle.Pool])
def test_a_pool_that_outlives_the_run_is_used_in_the_next(make, caplog):
    made = []

    def uses():
        if not made:
            made.append(make(2))
        assert made[0].submit(abs, -1).result(5) == 1

    done = raddle.explore(uses, runs=20, seed=1)
    assert done.runs == 20 or done.complete
    # Its idle workers end with the run: nothing is told of them.
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]
    made[0].shutdown()
    assert futures.ThreadPoolExecutor(1).submit(abs, -2).result(60) == 2


def test_an_error_of_a_future_is_let_go():
    gone = []

    def run():
        future = futures.Future()
        future.set_exception(ValueError("no"))
        gone.append(weakref.ref(future))
        with contextlib.suppress(ValueError):
            future.result()
        future = None

    gc.disable()
    try:
        raddle.replay("r1", run)
        assert gone[0]() is None
    finally:
        gc.enable()
