"""raddle.Pool: its tasks, its ends, and maps inside maps."""

import asyncio
import concurrent.futures
import gc
import itertools
import os
import pickle
import threading
import time

import kinds
import pytest
import raddle
import tasks
from paths import SUPPORT

pytestmark = pytest.mark.raddle_only


@pytest.fixture(params=kinds.LOCAL)
def kind(request):
    return request.param


def test_submit_returns_a_future(kind):
    with raddle.Pool(2, kind) as pool:
        future = pool.submit(tasks.add, 2, right=3)
        assert isinstance(future, concurrent.futures.Future)
        assert future.result(60) == 5
        failed = pool.submit(tasks.fail, 5)
        assert str(failed.exception(60)) == "no 5"
        done, pending = concurrent.futures.wait([future, failed], 60)
        assert (len(done), len(pending)) == (2, 0)


def test_futures_can_be_awaited(kind):
    async def main(pool):
        return await asyncio.wrap_future(pool.submit(tasks.square, 7))

    with raddle.Pool(1, kind) as pool:
        assert asyncio.run(main(pool)) == 49


def test_leaving_the_block_waits_for_what_was_submitted(kind):
    with raddle.Pool(2, kind) as pool:
        futures = [pool.submit(tasks.brief, n) for n in range(30)]
    assert [f.done() for f in futures] == [True] * 30
    assert [f.result() for f in futures] == list(range(30))


def test_a_closed_pool_takes_nothing(kind):
    pool = raddle.Pool(2, kind)
    pool.close()
    with pytest.raises(RuntimeError, match="after shutdown"):
        pool.submit(tasks.square, 1)
    with pytest.raises(RuntimeError, match="after shutdown"):
        pool.map(tasks.square, [1])
    pool.shutdown()
    assert "closed" in repr(pool)


def test_cancel_futures_cancels_what_has_not_begun(kind, tmp_path):
    mark = str(tmp_path / "go")
    pool = raddle.Pool(1, kind)
    first = pool.submit(tasks.wait_for, mark)
    while not first.running():
        time.sleep(0.001)
    rest = [pool.submit(tasks.square, n) for n in range(20)]
    pool.shutdown(wait=False, cancel_futures=True)
    assert all(f.cancelled() for f in rest[5:])  # a few may be on their way to the worker
    open(mark, "w").close()
    assert first.result(60) == mark
    pool.shutdown()


def test_the_initializer_runs_once_in_each_worker(kind):
    with raddle.Pool(2, kind, tasks.begin, ("ready",)) as pool:
        for seen in pool.map(tasks.begun, range(20)):
            assert set(seen) == {"ready"}
            assert len(seen) == 1 or kinds.real(kind) == "threads"
    tasks.STATE.clear()


def test_a_failing_initializer_breaks_the_pool(kind, capfd):
    with raddle.Pool(2, kind, tasks.broken) as pool:
        with pytest.raises(concurrent.futures.BrokenExecutor, match="initializ"):
            pool.submit(tasks.square, 1).result(60)
        with pytest.raises(concurrent.futures.BrokenExecutor, match="initializ"):
            list(pool.map(tasks.square, range(10)))


@pytest.mark.parametrize("workers", [1, 2])
def test_map_inside_a_task_of_the_same_pool_does_not_deadlock(workers):
    with raddle.Pool(workers) as pool:

        def outer(n):
            return sum(pool.map(lambda m: n * m, range(10)))

        assert list(pool.map(outer, range(20))) == [45 * n for n in range(20)]
        assert [pool.submit(outer, n).result(60) for n in range(3)] == [0, 45, 90]


@pytest.mark.parametrize("workers", [1, 2])
def test_map_inside_map_inside_map_does_not_deadlock(workers):
    with raddle.Pool(workers) as pool:

        def nested(depth):
            return 1 if depth == 0 else sum(pool.map(nested, [depth - 1] * 3))

        assert nested(4) == 81
        assert pool.submit(nested, 4).result(60) == 81


@pytest.mark.parametrize("kind", kinds.AWAY)
def test_a_pool_cannot_be_sent_to_its_own_workers(kind):
    if kinds.real(kind) == "threads":
        pytest.skip("threads share the pool")
    if kind == "interpreters":
        kinds.need("processes")  # without cloudpickle the closure itself is refused
    with raddle.Pool(1, kind) as pool, pytest.raises(pickle.PicklingError, match="'pool'"):
        pool.map(lambda n: list(pool.map(tasks.square, [n])), [1])


def test_two_maps_of_one_pool_at_a_time(kind):
    with raddle.Pool(2, kind) as pool:
        one, other = pool.map(tasks.square, range(50)), pool.map(tasks.fail, range(5))
        got = [(next(one), next(other)) for _ in range(5)]
        assert got == [(n * n, n) for n in range(5)]
        assert list(one) == [n * n for n in range(5, 50)]


def test_closing_a_map_leaves_the_pool_usable(kind):
    with raddle.Pool(2, kind) as pool:
        for _ in range(5):
            results = pool.map(tasks.square, range(10_000))
            assert next(results) == 0
            results.close()
        assert list(pool.map(tasks.square, range(4))) == [0, 1, 4, 9]


def test_many_threads_may_use_one_pool(kind, spawn):
    with raddle.Pool(2, kind) as pool:
        users = [spawn(lambda: sum(pool.map(tasks.square, range(200)))) for _ in range(4)]
        assert [user.result() for user in users] == [sum(n * n for n in range(200))] * 4


def test_a_dropped_pool_ends_its_threads(until):
    before = set(threading.enumerate())
    pool = raddle.Pool(2)
    assert pool.submit(tasks.square, 2).result(60) == 4
    del pool
    gc.collect()
    until(lambda: not set(threading.enumerate()) - before)


def test_leaving_by_an_error_cancels_what_has_not_begun(kind):
    with pytest.raises(KeyError), raddle.Pool(1, kind) as pool:
        futures = [pool.submit(tasks.brief, n) for n in range(200)]
        raise KeyError("out")
    assert all(f.done() for f in futures)
    assert sum(f.cancelled() for f in futures) > 100


EXIT = """
import os, sys
import raddle, tasks
pool = raddle.Pool(2, {kind!r})
for n in range(3):
    pool.submit(os.write, 1, b"x")
print(pool.submit(tasks.square, 3).result(), flush=True)
"""


def test_exit_waits_for_what_was_submitted(child, kind):
    program = kinds.before(kind) + EXIT.format(kind=kind)
    done = child(program, env={"PYTHONPATH": str(SUPPORT)})
    assert sorted(done.stdout.strip()) == ["9", "\n", "x", "x", "x"] or (
        done.stdout.count("x") == 3 and "9" in done.stdout
    )


DAEMON = """
import contextlib, itertools, threading
import raddle, tasks
pool = raddle.Pool(2)
begun = threading.Event()
def consume():
    with contextlib.suppress(RuntimeError):  # as that of submit() then
        for result in pool.map(tasks.square, itertools.count()):
            begun.set()
threading.Thread(target=consume, daemon=True).start()
begun.wait(60)
last = pool.submit(tasks.brief, 7)
last.add_done_callback(lambda future: print(future.result(), flush=True))
"""


def test_exit_does_not_wait_for_a_map_that_a_daemon_consumes(child):
    done = child(DAEMON, env={"PYTHONPATH": str(SUPPORT)})
    assert done.stdout == "7\n"


def test_the_repr_says_what_it_is():
    with raddle.Pool(3) as pool:
        assert repr(pool) == "<raddle.Pool of 3 threads>"
        assert (pool.workers, pool.backend) == (3, "threads")


def test_results_can_be_taken_after_the_block(kind):
    with raddle.Pool(2, kind) as pool:
        results = pool.map(tasks.brief, range(60))
        one = pool.map(tasks.brief, range(60))
        assert next(one) == 0
    assert list(results) == list(range(60))
    assert list(one) == list(range(1, 60))
    with pytest.raises(RuntimeError, match="after shutdown"):
        pool.submit(tasks.square, 1)


def test_a_map_that_another_thread_consumes_outlives_shutdown(kind, spawn):
    pool = raddle.Pool(2, kind)
    results = pool.map(tasks.brief, range(80))
    first = next(results)
    consumer = spawn(list, results)
    pool.shutdown(wait=True)
    assert [first, *consumer.result()] == list(range(80))


def test_a_map_that_ends_after_shutdown_leaves_no_thread(until):
    before = set(threading.enumerate())
    with raddle.Pool(3) as pool:
        results = pool.map(tasks.brief, range(100))
        next(results)
    until(lambda: not set(threading.enumerate()) - before, "the end of the workers")
    assert len(list(results)) == 99
    until(lambda: not set(threading.enumerate()) - before, "the end of those that came later")


def test_no_more_threads_than_workers_finish_a_closed_pool():
    before = set(threading.enumerate())

    def workers(_):
        return len([t for t in set(threading.enumerate()) - before if "raddle-" in t.name])

    with raddle.Pool(2) as pool:
        maps = [pool.map(tasks.where, range(100)) for _ in range(3)]
        firsts = [next(each) for each in maps]
        for _ in range(20):
            pool.submit(tasks.brief, 1)
        present = pool.map(workers, range(50))
    assert [len(list(each)) for each in maps] == [99, 99, 99]
    assert len(firsts) == 3
    assert max(present) <= 2


@pytest.mark.parametrize("end", ["cancel", "terminate", "leave"])
def test_a_cancelled_map_raises_one_clear_error(kind, end):
    pool = raddle.Pool(2, kind)
    results = pool.map(tasks.brief, itertools.count())
    got = [next(results)]
    if end == "cancel":
        pool.shutdown(cancel_futures=True)
    elif end == "terminate":
        pool.terminate()
    else:
        with pytest.raises(KeyError), pool:
            raise KeyError("out")
    with pytest.raises(concurrent.futures.CancelledError, match="the pool was shut down"):
        got.extend(results)
    assert got == list(range(len(got)))
    assert list(results) == []


@pytest.mark.parametrize("end", ["cancel", "terminate"])
def test_a_consumer_at_rest_hears_that_the_pool_ends(kind, end, spawn, tmp_path, until):
    mark = str(tmp_path / "go")
    pool = raddle.Pool(1, kind)
    results = pool.map(tasks.say_and_wait_for, itertools.repeat(mark))
    consumer = spawn(next, results)
    until(lambda: os.path.exists(f"{mark} is awaited"), "the first task")
    if end == "terminate":
        pool.terminate()
    else:
        closer = spawn(lambda: pool.shutdown(cancel_futures=True))
        until(lambda: "closed" in repr(pool), "the end of the pool")
        open(mark, "w").close()
        closer.result()
        assert consumer.result() == mark  # it had begun
        consumer = spawn(list, results)
    with pytest.raises(concurrent.futures.CancelledError, match="the pool was shut down"):
        consumer.result()


def test_cancel_futures_takes_nothing_from_a_map_that_has_all_begun(until):
    pool, ran = raddle.Pool(2), []
    results = pool.map(lambda number: ran.append(number) or number, range(2))
    # (No worker is there before the first one has come, either.)
    until(lambda: len(ran) == 2 and results.wait_idle(0), "the end of all of them")
    pool.shutdown(cancel_futures=True)
    assert list(results) == [0, 1]


def test_a_map_that_has_all_begun_needs_no_more_workers():
    """A worker that it has asked for is cancelled, and nothing of the map is."""
    go, made = threading.Event(), threading.Event()
    pool = raddle.Pool(2)
    held = pool.submit(go.wait, 60)

    def last_ends_the_pool(number):
        assert made.wait(60)
        if number == 1:
            pool.shutdown(wait=False, cancel_futures=True)
        return number

    results = pool.map(last_ends_the_pool, range(2))
    made.set()
    assert list(results) == [0, 1]
    go.set()
    assert held.result(60)


def test_a_task_finished_after_shutdown_may_map_on_its_pool():
    begun, go = threading.Event(), threading.Event()
    pool = raddle.Pool(1)

    def outer():
        begun.set()
        go.wait(60)
        return sum(pool.map(tasks.square, range(10)))

    future = pool.submit(outer)
    assert begun.wait(60)
    pool.shutdown(wait=False)
    go.set()
    assert future.result(60) == sum(n * n for n in range(10))
