"""The threads of a raddle.Pool: whatever happens meanwhile, shutdown() ends them."""

import gc
import threading
import weakref

import pytest
import raddle

pytestmark = pytest.mark.raddle_only

PATIENCE = 60  # seconds


def ends(function, *args, **kwargs):
    """Call a function in a thread; return whether it came back."""
    thread = threading.Thread(target=function, args=args, kwargs=kwargs, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return not thread.is_alive()


def workers_of(pool):
    return pool._backend.threads


def test_tasks_that_map_on_their_pool_while_it_ends():
    def nested(pool):
        return sum(pool.map(abs, range(60)))

    def work():
        with raddle.Pool(3) as pool:
            futures = [pool.submit(nested, pool) for _ in range(2)]
        assert [each.result() for each in futures] == [sum(range(60))] * 2

    for _ in range(20):
        assert ends(work)


def test_a_late_task_whose_worker_cannot_start(monkeypatch):
    pool = raddle.Pool(1)
    pool.shutdown()
    workers = workers_of(pool)

    def refuse(thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            workers.give(None, int, (), late=True)
    assert workers.give(None, int, ("3",), late=True).result(PATIENCE) == 3
    assert ends(pool.shutdown)


def test_an_initializer_that_fails_when_the_pool_has_been_closed():
    second, fail, go = threading.Event(), threading.Event(), threading.Event()
    begun = []

    def initialize():
        begun.append(True)
        if len(begun) == 2:
            second.set()
            fail.wait(PATIENCE)
            raise ValueError

    pool = raddle.Pool(2, initializer=initialize)
    busy = pool.submit(go.wait, PATIENCE)
    pool.submit(int)
    assert second.wait(PATIENCE)
    pool.shutdown(wait=False)
    fail.set()
    go.set()
    assert busy.result(PATIENCE) is True
    assert ends(pool.shutdown)


def test_a_callback_that_raises_while_calls_are_cancelled():
    begun, go = threading.Event(), threading.Event()
    pool = raddle.Pool(1)
    pool.submit(lambda: begun.set() or go.wait(PATIENCE))
    assert begun.wait(PATIENCE)

    def interrupt(_):
        raise KeyboardInterrupt

    pool.submit(int).add_done_callback(interrupt)
    with pytest.raises(KeyboardInterrupt):
        pool.shutdown(wait=False, cancel_futures=True)
    go.set()
    assert ends(pool.shutdown)


@pytest.mark.parametrize("end", ["set_result", "set_running_or_notify_cancel"])
def test_a_worker_outlives_a_future_that_the_program_has_ended(end, caplog):
    begun, go = threading.Event(), threading.Event()
    pool = raddle.Pool(1)
    pool.submit(lambda: begun.set() or go.wait(PATIENCE))
    assert begun.wait(PATIENCE)
    taken, behind = pool.submit(int), pool.submit(int, "7")
    getattr(taken, end)(*([5] if end == "set_result" else []))
    go.set()
    assert behind.result(PATIENCE) == 7
    assert ends(pool.shutdown)
    assert "Exception in worker" in caplog.text


def test_an_exception_that_is_kept_keeps_no_pool():
    pool = raddle.Pool(1)
    error = pool.submit(int, "no number").exception(PATIENCE)
    workers = weakref.ref(workers_of(pool))
    del pool
    gc.collect()
    assert workers() is None and "no number" in str(error)
