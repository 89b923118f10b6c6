"""PriorityQueue: comparisons are the program's own, and may do anything."""

import heapq
import threading as stock_threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


class Item:
    """An item that compares by `key` and calls `during` first."""

    during = None

    def __init__(self, key):
        self.key = key

    def __lt__(self, other):
        if Item.during is not None:
            Item.during(self, other)
        return self.key < other.key


@pytest.fixture
def during():
    """Set what happens in each comparison."""

    def install(call):
        Item.during = staticmethod(call)

    yield install
    Item.during = None


def drained(it):
    return [it.get_nowait() for _ in range(it.qsize())]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(0, 5))))
def test_equal_items_come_in_the_order_in_which_heapq_gives_them(queue, steps):
    it, heap, numbers = queue.PriorityQueue(), [], iter(range(10**6))

    class Same:
        def __init__(self, key, number):
            self.key, self.number = key, number

        def __lt__(self, other):
            return self.key < other.key

    for key in steps:
        if key is not None:
            item = Same(key, next(numbers))
            it.put(item)
            heapq.heappush(heap, item)
        elif heap:
            assert it.get() is heapq.heappop(heap)
    assert drained(it) == [heapq.heappop(heap) for _ in range(len(heap))]


def test_items_that_cannot_be_compared_raise_in_put_and_are_not_in_there(queue, subject):
    it = queue.PriorityQueue()
    it.put((1, object()))
    with pytest.raises(TypeError, match="'<' not supported"):
        it.put((1, object()))
    assert it.unfinished_tasks == 1
    if subject != "stdlib":  # There it stays in the heap, at a place where it may not be.
        assert it.qsize() == 1
        first = (0, object())
        it.put(first)
        assert it.get() is first


@pytest.mark.raddle_only
def test_a_comparison_that_raises_in_get_loses_nothing(queue, during):
    it = queue.PriorityQueue()
    for key in (5, 3, 1, 4, 2):
        it.put(Item(key))

    def fail(*_):
        raise ZeroDivisionError

    for _ in range(3):
        during(fail)
        with pytest.raises(ZeroDivisionError):
            it.get()
        with pytest.raises(ZeroDivisionError):
            it.put(Item(0))
        assert it.qsize() == 5
    during(lambda *_: None)
    assert [item.key for item in drained(it)] == [1, 2, 3, 4, 5]


@pytest.mark.raddle_only
def test_a_comparison_may_put_into_and_get_from_the_same_queue(queue, during):
    it, put, got = queue.PriorityQueue(), [], []

    def meddle(*_):
        if len(put) < 20:
            put.append(Item(len(put) * 7 % 20))
            it.put(put[-1])
            if len(put) % 2:
                got.append(it.get())

    for key in (5, 3, 1):
        put.append(Item(key))
        it.put(put[-1])
    during(meddle)
    got.append(it.get())
    extra = Item(2)
    it.put(extra)
    during(lambda *_: None)
    rest = drained(it)
    assert [item.key for item in rest] == sorted(item.key for item in rest)
    assert sorted(map(id, got + rest)) == sorted(map(id, [*put, extra]))


@pytest.mark.raddle_only
def test_a_comparison_may_wait_for_what_another_thread_does_to_the_queue(
    queue, during, spawn, until
):
    it, other = queue.PriorityQueue(2), []
    it.put(Item(1))

    def meddle(*_):
        if not other:
            other.append(spawn(it.put, Item(0)))
            other.append(it.get())  # Leaves room, also while this put is under way.
            other.append(it.get())
            other[0].result()

    during(meddle)
    it.put(Item(2))
    assert sorted(item.key for item in other[1:]) == [0, 1]
    assert [item.key for item in drained(it)] == [2]


@pytest.mark.raddle_only
def test_a_comparison_may_open_the_queue(queue, during):
    it = queue.PriorityQueue()
    for key in (5, 3, 1):
        it.put(Item(key))
    during(lambda *_: it.mutex)
    it.put(Item(2))
    assert not it._native()
    during(lambda *_: None)
    assert [item.key for item in drained(it)] == [1, 2, 3, 5]
    for key in (5, 3, 1):
        it.put(Item(key))


def test_other_threads_do_not_see_a_heap_that_is_being_changed(queue, spawn):
    it = queue.PriorityQueue()
    each, yields = 300, stock_threading.Event()

    class Slow(Item):
        def __lt__(self, other):
            yields.wait(0)
            return self.key < other.key

    def put(me):
        for number in range(each):
            it.put(Slow(number * 7919 % each))

    def get():
        return [it.get().key for _ in range(each)]

    threads = [spawn(put, me) for me in range(3)], [spawn(get) for _ in range(2)]
    for each_one in threads[0]:
        each_one.result()
    got = [key for getter in threads[1] for key in getter.result()]
    rest = [item.key for item in drained(it)]
    assert rest == sorted(rest)
    assert sorted(got + rest) == sorted(3 * [*range(each)])


@pytest.mark.raddle_only
def test_a_signal_handler_may_use_the_queue_in_the_middle_of_a_comparison(queue, during):
    import signal

    it, handled = queue.PriorityQueue(), []

    def handler(*_):
        handled.append(1)
        it.put(Item(0))
        it.get()

    previous = signal.signal(signal.SIGUSR1, handler)
    try:
        for key in range(50, 0, -1):
            it.put(Item(key))
        during(lambda *_: len(handled) < 10 and signal.raise_signal(signal.SIGUSR1))
        first = it.get()
    finally:
        signal.signal(signal.SIGUSR1, previous)
    during(lambda *_: None)
    rest = [item.key for item in drained(it)]
    assert len(handled) == 10 and sorted([first.key, *rest]) == [*range(1, 51)]
    assert rest == sorted(rest)


NAN = float("nan")
PLAIN = st.one_of(
    st.integers(-2, 2),
    st.integers(2**62, 2**65),
    st.booleans(),
    st.floats(),
    st.just(NAN),
    st.text("aé\U0001f600\ud800", max_size=2),
    st.none(),
)


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.lists(st.integers(-5, 5) | st.integers(2**62, 2**65)),
        st.lists(st.floats()),
        st.lists(st.text("aé\U0001f600\ud800", max_size=3)),
        st.lists(PLAIN, max_size=6),
        st.lists(st.lists(PLAIN, max_size=3).map(tuple), max_size=6),
        st.lists(st.tuples(st.integers(0, 2), st.tuples(PLAIN))),
    )
)
def test_plain_items_come_as_heapq_gives_them(queue, items):
    it, heap = queue.PriorityQueue(), []
    for item in items:
        more = heap.copy()
        try:
            heapq.heappush(more, item)
        except TypeError:
            with pytest.raises(TypeError):
                it.put(item)
        else:
            it.put(item)
            heap = more
    while heap:
        less = heap.copy()
        try:
            item = heapq.heappop(less)
        except TypeError:
            with pytest.raises(TypeError):
                it.get()
            return
        assert it.get() is item
        heap = less
    assert it.empty()


def test_classes_derived_from_plain_ones_compare_as_they_say(queue):
    class Contrary(int):
        def __lt__(self, other):
            return int(self) > int(other)

    class Reversed(tuple):
        __slots__ = ()

        def __lt__(self, other):
            return tuple(self) > tuple(other)

    for kind in (
        Contrary,
        lambda number: Reversed((number,)),
        lambda number: (Contrary(number),),
    ):
        it = queue.PriorityQueue()
        for number in (2, 1, 3):
            it.put(kind(number))
        assert drained(it) == [kind(3), kind(2), kind(1)]


def test_what_a_tuple_holds_behind_its_priority_is_compared_only_if_need_be(queue):
    it, work = queue.PriorityQueue(), object()
    it.put((1, work))
    it.put((0, object()))
    it.put((2, object()))
    with pytest.raises(TypeError):
        it.put((1, object()))
    it.put((1, work, 1))  # The same object is equal to itself.
    assert [item[0] for item in drained(it)] == [0, 1, 1, 2]
