"""SimpleQueue: no bound, no tasks; put() from anywhere."""

import sys
import time

import pytest


@pytest.fixture
def it(queue):
    return queue.SimpleQueue()


def test_items_come_back_in_order(it, queue):
    assert it.empty() and it.qsize() == 0
    it.put(1)
    it.put(2, False)
    it.put(3, block=True, timeout=-1)  # Neither is looked at: it never waits.
    it.put_nowait(4)
    assert not it.empty() and it.qsize() == 4
    assert [it.get(), it.get(False), it.get(timeout=1), it.get_nowait()] == [1, 2, 3, 4]
    for attempt in (it.get_nowait, lambda: it.get(False), lambda: it.get(timeout=0.001)):
        with pytest.raises(queue.Empty):
            attempt()


def test_a_timed_wait_is_never_short(it, queue):
    start = time.perf_counter()
    with pytest.raises(queue.Empty):
        it.get(True, 0.05)
    assert time.perf_counter() - start >= 0.05


def test_a_negative_timeout_is_refused(it):
    it.put(1)
    with pytest.raises(ValueError, match="'timeout' must be a non-negative number"):
        it.get(timeout=-1)
    assert it.get(block=False, timeout=-1) == 1


def test_a_timeout_that_is_no_number_is_refused(it):
    with pytest.raises(TypeError):
        it.get(timeout="1")


def test_a_blocked_get_is_served(it, spawn, asleep):
    getters = [spawn(it.get), spawn(it.get, True, 60)]
    asleep(*getters)
    it.put(1)
    it.put(2)
    assert sorted(getter.result() for getter in getters) == [1, 2]


def test_many_putters_and_getters_lose_and_double_nothing(it, spawn):
    each, end = 2000, object()

    def put(me):
        for number in range(each):
            it.put(me * each + number)

    def get():
        return list(iter(it.get, end))

    putters, getters = [spawn(put, me) for me in range(3)], [spawn(get) for _ in range(3)]
    for putter in putters:
        putter.result()
    for _ in getters:
        it.put(end)
    got = [item for getter in getters for item in getter.result()]
    assert sorted(got) == list(range(3 * each))


def test_it_looks_like_the_stdlibs(queue, it):
    kind = queue.SimpleQueue
    assert (kind.__module__, kind.__qualname__) == ("_queue", "SimpleQueue")
    assert kind[int].__origin__ is kind
    assert repr(it).startswith("<_queue.SimpleQueue object at 0x")
    with pytest.raises(AttributeError):
        it.note = "an attribute"

    class Sub(kind):
        pass

    sub = Sub()
    sub.note = "an attribute"
    sub.put(1)
    assert sub.get() == 1


@pytest.mark.raddle_only
def test_an_item_takes_no_more_memory_than_in_a_deque(it):
    import collections

    held = collections.deque()
    for number in range(100_000):
        it.put(number)
        held.append(number)
    assert sys.getsizeof(it) <= sys.getsizeof(held) * 1.01
