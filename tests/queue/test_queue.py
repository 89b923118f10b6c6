"""Queue, LifoQueue and PriorityQueue: order, room, time, tasks and the end of all that."""

import sys
import time

import pytest

HAS_SHUTDOWN = sys.version_info >= (3, 13)
KINDS = {
    "Queue": [3, 1, 2],
    "LifoQueue": [2, 1, 3],
    "PriorityQueue": [1, 2, 3],
}


@pytest.fixture(params=list(KINDS))
def kind(request):
    return request.param


@pytest.fixture
def make(queue, kind):
    """Make a queue of one of the three classes."""
    return getattr(queue, kind)


@pytest.fixture(autouse=True)
def _shutdown_exists(request, subject):
    """Skip what asks for shutdown() where the subject has none."""
    needs = request.node.get_closest_marker("shutdown")
    if needs and subject == "stdlib" and not HAS_SHUTDOWN:
        pytest.skip("the stdlib has no shutdown() on this version")


def waiting(it):
    """The numbers of threads that wait to put, to get, and to join."""
    if hasattr(it, "_waiting"):
        return it._waiting()
    return tuple(len(each._waiters) for each in (it.not_full, it.not_empty, it.all_tasks_done))


def test_items_come_back_in_the_order_of_the_class(make, kind):
    it = make()
    for item in (3, 1, 2):
        assert it.put(item) is None
    assert it.qsize() == 3 and not it.empty() and not it.full()
    assert [it.get(), it.get_nowait(), it.get(block=False)] == KINDS[kind]
    assert it.empty() and it.qsize() == 0


@pytest.mark.parametrize("count", [10, 61, 62, 63, 64, 125, 1000])
def test_any_number_of_items_comes_back(make, count):
    it = make()
    for _ in range(3):
        for item in range(count):
            it.put(item)
        assert it.qsize() == count
        assert sorted(it.get() for _ in range(count)) == list(range(count))


def test_a_full_queue_takes_no_more(queue, make):
    it = make(2)
    it.put(1)
    it.put_nowait(2)
    assert it.full() and it.maxsize == 2
    for attempt in (
        lambda: it.put_nowait(3),
        lambda: it.put(3, False),
        lambda: it.put(3, timeout=0.001),
        lambda: it.put(3, True, 0),
        lambda: it.put(3, block=0, timeout=-5),
    ):
        with pytest.raises(queue.Full) as caught:
            attempt()
        assert caught.value.args == ()
    assert it.qsize() == 2 and it.unfinished_tasks == 2


def test_an_empty_queue_gives_nothing(queue, make):
    it = make()
    for attempt in (
        it.get_nowait,
        lambda: it.get(False),
        lambda: it.get(timeout=0.001),
        lambda: it.get(True, 0),
        lambda: it.get(block=0, timeout=-5),
    ):
        with pytest.raises(queue.Empty) as caught:
            attempt()
        assert caught.value.args == ()


def test_a_timed_wait_is_never_short(queue, make):
    it = make(1)
    start = time.perf_counter_ns()
    with pytest.raises(queue.Empty):
        it.get(timeout=0.05)
    assert time.perf_counter_ns() - start >= 50_000_000
    it.put(1)
    start = time.perf_counter_ns()
    with pytest.raises(queue.Full):
        it.put(2, timeout=0.05)
    assert time.perf_counter_ns() - start >= 50_000_000


def test_a_blocked_get_is_served_by_a_put(make, spawn, until):
    it = make()
    getters = [spawn(it.get), spawn(it.get, True, 60)]
    until(lambda: waiting(it)[1] == 2)
    it.put(1)
    it.put(2)
    assert sorted(getter.result() for getter in getters) == [1, 2]


def test_a_blocked_put_is_served_by_a_get(make, spawn, until):
    it = make(1)
    it.put(1)
    putters = [spawn(it.put, 2), spawn(it.put, 3, True, 60)]
    until(lambda: waiting(it)[0] == 2)
    got = [it.get() for _ in range(3)]
    assert sorted(got) == [1, 2, 3]
    for putter in putters:
        putter.result()


@pytest.mark.parametrize("maxsize", [0, -1, -(10**30), 10**30, -0.5, float("inf"), False])
def test_a_maxsize_of_zero_or_less_or_beyond_all_means_any_number(make, maxsize):
    it = make(maxsize)
    for item in range(200):
        it.put_nowait(item)
    assert not it.full() and it.maxsize == maxsize and type(it.maxsize) is type(maxsize)


def test_a_maxsize_need_not_be_an_integer(queue, make):
    it = make(maxsize=1.5)
    it.put(1)
    it.put(2)
    assert it.full() and it.maxsize == 1.5
    with pytest.raises(queue.Full):
        it.put_nowait(3)


@pytest.mark.raddle_only
@pytest.mark.parametrize("maxsize", ["5", None, [3], object()])
def test_a_maxsize_that_is_no_number_is_refused_at_once(make, maxsize):
    with pytest.raises(TypeError, match=r"maxsize must be a number, not .*Queue\(5\) holds"):
        make(maxsize)


def test_a_smaller_maxsize_keeps_what_is_there(queue, make):
    it = make(3)
    for item in range(3):
        it.put(item)
    it.maxsize = 2
    with pytest.raises(queue.Full):
        it.put_nowait(4)
    it.get()
    assert it.full() and it.qsize() == 2


@pytest.mark.raddle_only
def test_a_larger_maxsize_lets_those_in_who_wait(make, spawn, until):
    it = make(1)
    it.put(1)
    putters = [spawn(it.put, item) for item in (2, 3)]
    until(lambda: waiting(it)[0] == 2)
    it.maxsize = 3
    for putter in putters:
        putter.result()
    assert it.qsize() == 3


@pytest.mark.parametrize("seconds", [-1, -0.001, float("-inf")])
def test_a_negative_timeout_is_refused_though_no_wait_is_needed(make, seconds):
    it = make(2)
    it.put(1)
    with pytest.raises(ValueError, match="'timeout' must be a non-negative number"):
        it.get(timeout=seconds)
    with pytest.raises(ValueError, match="'timeout' must be a non-negative number"):
        it.put(2, timeout=seconds)
    assert it.qsize() == 1
    unbounded = make()
    unbounded.put(1, timeout=seconds)  # It never waits, and does not look.


@pytest.mark.parametrize("seconds", ["1", [1], 1j])
def test_a_timeout_that_is_no_number_is_refused(make, seconds):
    it = make(1)
    with pytest.raises(TypeError):
        it.get(timeout=seconds)
    it.put(1)
    with pytest.raises(TypeError):
        it.put(2, timeout=seconds)


def test_any_kind_of_number_is_a_timeout(queue, make):
    from fractions import Fraction

    class Number:
        def __float__(self):
            return 0.01

        def __lt__(self, other):
            return False

        def __radd__(self, other):
            return other + 0.01

    for seconds in (Fraction(1, 100), True and 0.01, Number(), 0):
        with pytest.raises(queue.Empty):
            make().get(timeout=seconds)


def test_a_timeout_beyond_all_measure_matters_only_to_who_waits(make):
    it = make(1)
    it.put(1, timeout=float("inf"))
    assert it.get(timeout=1e300) == 1
    with pytest.raises((OverflowError, ValueError)):
        it.get(timeout=1e300)


def test_join_waits_for_every_task(make, spawn, until):
    it = make()
    it.join()
    for item in range(3):
        it.put(item)
    joiners = [spawn(it.join), spawn(it.join)]
    until(lambda: waiting(it)[2] == 2)
    for left in (2, 1, 0):
        assert not any(joiner.done() for joiner in joiners)
        it.get()
        it.task_done()
        assert it.unfinished_tasks == left
    for joiner in joiners:
        joiner.result()


def test_a_task_done_too_many_is_an_error(make):
    it = make()
    with pytest.raises(ValueError, match=r"task_done\(\) called too many times"):
        it.task_done()
    it.put(1)
    it.task_done()
    with pytest.raises(ValueError, match=r"task_done\(\) called too many times"):
        it.task_done()


def test_the_number_of_unfinished_tasks_can_be_set(make):
    it = make()
    it.put(1)
    it.unfinished_tasks += 2
    assert it.unfinished_tasks == 3
    it.unfinished_tasks = 0
    it.join()


@pytest.mark.shutdown
def test_a_queue_that_was_shut_down_gives_what_it_has_and_takes_nothing(queue, make):
    it = make()
    assert it.is_shutdown is False
    it.put(1)
    it.shutdown()
    assert it.is_shutdown is True
    for attempt in (lambda: it.put(2), lambda: it.put_nowait(2), lambda: it.put(2, timeout=-1)):
        with pytest.raises(queue.ShutDown) as caught:
            attempt()
        assert caught.value.args == ()
    assert it.get() == 1
    for attempt in (it.get, it.get_nowait, lambda: it.get(timeout=-1)):
        with pytest.raises(queue.ShutDown):
            attempt()
    assert it.unfinished_tasks == 1
    it.task_done()
    it.join()


@pytest.mark.shutdown
def test_an_immediate_shutdown_drops_everything(queue, make):
    it = make()
    for item in range(100):
        it.put(item)
    assert it.get() in (0, 99)
    it.shutdown(immediate=True)
    assert it.qsize() == 0 and it.unfinished_tasks == 1
    with pytest.raises(queue.ShutDown):
        it.get_nowait()


@pytest.mark.shutdown
@pytest.mark.parametrize("immediate", [False, True])
def test_a_shutdown_wakes_everyone(queue, make, spawn, until, immediate):
    full, empty = make(1), make()
    full.put(1)

    def refused(call, *args):
        with pytest.raises(queue.ShutDown):
            call(*args)

    blocked = [spawn(refused, full.put, 2), spawn(refused, full.put, 3, True, 60)]
    blocked += [spawn(refused, empty.get), spawn(refused, empty.get, True, 60)]
    until(lambda: (waiting(full)[0], waiting(empty)[1]) == (2, 2))
    full.shutdown(immediate)
    empty.shutdown(immediate)
    for each in blocked:
        each.result()
    assert full.qsize() == (0 if immediate else 1)


@pytest.mark.shutdown
def test_an_immediate_shutdown_ends_join(make, spawn, until):
    it = make()
    it.put(1)
    joiner = spawn(it.join)
    until(lambda: waiting(it)[2] == 1)
    it.shutdown(immediate=True)
    joiner.result()


def test_many_putters_and_getters_lose_and_double_nothing(make, spawn, until):
    it, each, end = make(3), 1000, float("inf")

    def put(me):
        for number in range(each):
            it.put(me * each + number)

    def get():
        return list(iter(it.get, end))

    putters, getters = [spawn(put, me) for me in range(4)], [spawn(get) for _ in range(4)]
    for putter in putters:
        putter.result()
    until(it.empty)  # What ends a getter must not overtake an item.
    for _ in getters:
        it.put(end)
    got = [item for getter in getters for item in getter.result()]
    assert sorted(got) == list(range(4 * each))


def test_the_classes_look_like_the_stdlibs(queue, make, kind):
    it = make(maxsize=3)
    assert repr(it).startswith(f"<queue.{kind} object at 0x")
    assert (make.__module__, make.__name__, make.__qualname__) == ("queue", kind, kind)
    assert make[int].__origin__ is make and issubclass(make, queue.Queue)
    it.note = "an attribute"
    assert it.__dict__["note"] == "an attribute"
    assert set(queue.__all__) >= {"Empty", "Full", "ShutDown", "SimpleQueue"} - (
        set() if hasattr(queue, "ShutDown") else {"ShutDown"}
    )


def test_queues_that_were_asked_for_wrongly_say_so(make):
    it = make()
    for wrong in (
        lambda: make(1, 2),
        lambda: make(size=1),
        lambda: it.put(),
        lambda: it.put(1, True, 1, 1),
        lambda: it.put(1, wait=False),
        lambda: it.get(True, 1, 1),
    ):
        with pytest.raises(TypeError):
            wrong()
    assert it.empty()


@pytest.mark.raddle_only
def test_a_queue_cannot_be_pickled_or_copied(make):
    import copy
    import pickle

    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match=r"cannot pickle 'queue\.\w+' object.*multiprocess"):
            way(make())


@pytest.mark.raddle_only
def test_an_item_takes_no_more_memory_than_in_the_stdlib(make):
    import collections

    it, held = make(), collections.deque() if make.__name__ == "Queue" else []
    for number in range(100_000):
        it.put(number)
        held.append(number)
    ours, theirs = sys.getsizeof(it), sys.getsizeof(held)
    assert ours <= theirs * 1.01, f"{ours} bytes, the stdlib {theirs}"


def test_init_again_makes_it_new(make, queue):
    it = make(1)
    it.put(1)
    it.__init__(2)
    assert (it.qsize(), it.maxsize, it.unfinished_tasks) == (0, 2, 0)
    it.put(1)
    it.put(2)
    assert it.full()


@pytest.mark.raddle_only
def test_ctrl_c_in_the_methods_of_a_maxsize_is_not_lost(queue):
    def raises(self):
        raise KeyboardInterrupt  # As the handler does, which runs between any two steps.

    with pytest.raises(KeyboardInterrupt):
        queue.Queue(type("Number", (), {"__gt__": lambda *_: True, "__float__": raises})())
    with pytest.raises(KeyboardInterrupt):
        queue.Queue(type("Nothing", (), {"__repr__": raises})())
