"""Any sequence of calls from one thread does what it does to the stdlib's queues."""

import queue as stock_queue

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

# The stdlib's own classes, whatever has been installed over them.
STOCK = {name: getattr(stock_queue, name) for name in ("Queue", "LifoQueue", "PriorityQueue")}
WAIT = 0.0001

calls = st.one_of(
    st.tuples(st.just("put"), st.integers(0, 9), st.sampled_from([False, WAIT, -1, None])),
    st.tuples(st.just("put_nowait"), st.integers(0, 9)),
    st.tuples(st.just("get"), st.sampled_from([False, WAIT, -1])),
    st.tuples(st.just("get_nowait")),
    st.tuples(st.just("task_done")),
    st.tuples(st.sampled_from(["qsize", "empty", "full"])),
    st.tuples(st.just("maxsize"), st.integers(-1, 4)),
    st.tuples(st.just("unfinished_tasks"), st.integers(0, 2)),
    st.tuples(st.just("queue")),
    st.tuples(st.just("clear")),
    st.tuples(st.just("shutdown"), st.booleans()),
)


def do(it, call):
    """Make a call; return its value or the name of what it raised."""
    name, *rest = call
    try:
        if name == "put":
            item, wait = rest
            if wait is None:
                return it.put(item) if not it.full() else None
            return it.put(item, wait is not False, wait or None)
        if name == "get":
            return it.get(rest[0] is not False, rest[0] or None)
        if name in ("maxsize", "unfinished_tasks"):
            setattr(it, name, rest[0])
            return getattr(it, name)
        if name == "queue":
            return list(it.queue)
        if name == "clear":
            with it.mutex:
                return it.queue.clear()
        return getattr(it, name)(*rest)
    except Exception as error:
        return type(error).__name__


@pytest.mark.raddle_only
@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["Queue", "LifoQueue", "PriorityQueue"]),
    st.integers(-1, 3),
    st.lists(calls, max_size=25),
    st.booleans(),
)
def test_one_thread_cannot_tell_the_queues_apart(queue, kind, maxsize, sequence, hooked):
    ours, theirs = getattr(queue, kind), STOCK[kind]
    if ours is theirs:
        pytest.skip("raddle was installed before the stdlib's classes could be kept")
    if hooked:
        ours, theirs = (
            type("Sub", (each,), {"_put": lambda self, item, each=each: each._put(self, item)})
            for each in (ours, theirs)
        )
    ours, theirs = ours(maxsize), theirs(maxsize)
    for call in sequence:
        if not hasattr(theirs, call[0]) and call[0] == "shutdown":
            continue
        assert do(ours, call) == do(theirs, call), call
        assert ours.qsize() == theirs.qsize()
        assert ours.unfinished_tasks == theirs.unfinished_tasks
        assert (ours.empty(), ours.full()) == (theirs.empty(), theirs.full())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers()), max_size=400))
def test_a_simple_queue_is_a_line(queue, steps):
    it, line = queue.SimpleQueue(), []
    for item in steps:
        if item is not None:
            it.put(item)
            line.append(item)
        elif line:
            assert it.get() == line.pop(0)
        assert it.qsize() == len(line)
    assert [it.get_nowait() for _ in line] == line
