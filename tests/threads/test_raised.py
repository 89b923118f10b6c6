"""What is raised inside an except block has what is handled there as its context."""

import pytest

HANDLED = KeyError("being handled")


def failed(m, error=None):
    future = m.Future()
    future.set_exception(error or ValueError("from the task"))
    return future


def cancelled(m):
    future = m.Future()
    future.cancel()
    return future


def mapped(m):
    def fail(_):
        raise ValueError("from the task")

    with m.ThreadPoolExecutor(1) as pool:
        return pool.map(fail, [1])


def full(m):
    queue = m.Queue(1)
    queue.put(1)
    return queue


def shut(m):
    queue = m.Queue()
    queue.shutdown()
    return queue


def broken(m):
    barrier = m.Barrier(2)
    barrier.abort()
    return barrier


FUTURES = {
    "result": lambda m: failed(m).result(),
    "result, cancelled": lambda m: cancelled(m).result(),
    "exception, cancelled": lambda m: cancelled(m).exception(),
    "result, timeout": lambda m: m.Future().result(0),
    "exception, timeout": lambda m: m.Future().exception(0),
    "as_completed, timeout": lambda m: next(m.as_completed([m.Future()], 0)),
    "map": lambda m: next(mapped(m)),
    "set_result twice": lambda m: failed(m).set_result(1),
    "submit": lambda m: pool_that_was_shut_down(m).submit(int),
}
QUEUES = {
    "get_nowait": lambda m: m.Queue().get_nowait(),
    "get": lambda m: m.Queue().get(timeout=0.001),
    "priority get": lambda m: m.PriorityQueue().get_nowait(),
    "simple get": lambda m: m.SimpleQueue().get_nowait(),
    "put": lambda m: full(m).put_nowait(2),
    "negative": lambda m: full(m).put(2, timeout=-1),
    "task_done": lambda m: m.Queue().task_done(),
}
THREADING = {
    "broken barrier": lambda m: broken(m).wait(),
    "lock": lambda m: m.Lock().release(),
    "rlock": lambda m: m.RLock().release(),
    "wait": lambda m: m.Condition().wait(),
    "semaphore": lambda m: m.BoundedSemaphore(1).release(),
    "action": lambda m: m.Barrier(1, action=failing).wait(),
    "join": lambda m: m.current_thread().join(),
}


def failing():
    raise ValueError("from the action")


def pool_that_was_shut_down(m):
    pool = m.ThreadPoolExecutor(1)
    pool.shutdown()
    return pool


def context_of(call, module):
    """Return the context of what the call raises while HANDLED is being handled."""
    try:
        raise HANDLED
    except KeyError:
        try:
            call(module)
        except Exception as error:
            assert error is not HANDLED
            return error.__context__
    pytest.fail("nothing was raised")


@pytest.mark.parametrize("call", FUTURES.values(), ids=FUTURES)
def test_futures_chain_the_context(futures, call):
    assert context_of(call, futures) is HANDLED


@pytest.mark.parametrize("call", QUEUES.values(), ids=QUEUES)
def test_queues_chain_the_context(queue, call):
    assert context_of(call, queue) is HANDLED


@pytest.mark.shutdown
def test_a_queue_that_was_shut_down_chains_the_context(queue):
    if not hasattr(queue, "ShutDown"):
        pytest.skip("this version's queue cannot be shut down")
    assert context_of(lambda m: shut(m).put(1), queue) is HANDLED


@pytest.mark.parametrize("call", THREADING.values(), ids=THREADING)
def test_primitives_chain_the_context(threading, call):
    assert context_of(call, threading) is HANDLED


def test_the_exception_of_a_future_has_the_context_of_each_place_that_raises_it(futures):
    error = ValueError("from the task")
    future = failed(futures, error)
    contexts = []
    for handled in (KeyError(1), KeyError(2)):
        try:
            raise handled
        except KeyError:
            with pytest.raises(ValueError, match="from the task") as caught:
                future.result()
        assert caught.value is error
        contexts.append(error.__context__ is handled)
    assert contexts == [True, True]
    with pytest.raises(ValueError, match="from the task"):
        future.result()  # Where nothing is handled, it keeps the one that it has.
    assert error.__context__ is handled


def test_an_exception_that_is_raised_while_it_is_handled_is_not_its_own_context(futures):
    future = failed(futures)
    with pytest.raises(ValueError, match="from the task") as first:
        try:
            future.result()
        except ValueError:
            future.result()
    assert first.value.__context__ is None


@pytest.mark.raddle_only
def test_raddles_own_map_and_streams_chain_the_context(futures):
    import raddle

    def last(_):
        for _ in raddle.map(fail, [1]):
            pass

    def fail(_):
        raise ValueError("from the task")

    assert context_of(last, futures) is HANDLED
