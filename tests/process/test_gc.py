"""Garbage collection: it sees what primitives hold, and destructors may use them."""

import contextvars
import gc
import itertools
import sys
import weakref
from functools import partial

import kinds
import pytest

KINDS = {
    "RLock": lambda m: m.RLock(),
    "Condition": lambda m: m.Condition(),
    "Semaphore": lambda m: m.Semaphore(1),
    "BoundedSemaphore": lambda m: m.BoundedSemaphore(1),
    "Event": lambda m: m.Event(),
    "Barrier": lambda m: m.Barrier(1),
}


class Node:
    pass


@pytest.fixture(params=list(KINDS))
def kind(request):
    return request.param


@pytest.fixture
def collected(until):
    """Collect until the object behind a weak reference is gone."""

    def check(reference):
        until(lambda: gc.collect() is not None and reference() is None)

    return check


def test_a_cycle_through_the_dict_is_collected(threading, kind, collected):
    if kind == "RLock":
        it = type("Sub", (type(threading.RLock()),), {})()
    else:
        it = KINDS[kind](threading)
    node = Node()
    it.node, node.it = node, it
    reference = weakref.ref(node)
    del it, node
    collected(reference)


def test_a_subclass_in_a_cycle_with_itself_is_collected(threading, kind, collected):
    sub = type("Sub", (type(KINDS[kind](threading)),), {})
    it = {"Barrier": lambda: sub(1)}.get(kind, sub)()
    it.me = it
    reference = weakref.ref(it)
    del it
    collected(reference)


def test_a_condition_in_a_cycle_with_its_lock_is_collected(threading, collected):
    class Holder:
        def __init__(self):
            self.lock = threading.Lock()

        def acquire(self, *args):
            return self.lock.acquire(*args)

        def release(self):
            self.lock.release()

        locked = __enter__ = __exit__ = None

    lock = Holder()
    lock.condition = threading.Condition(lock)
    reference = weakref.ref(lock)
    del lock
    collected(reference)


def test_a_barrier_in_a_cycle_with_its_action_is_collected(threading, collected):
    node = Node()
    node.barrier = threading.Barrier(1, action=partial(bool, node))
    assert node.barrier.wait() == 0
    reference = weakref.ref(node)
    del node
    collected(reference)


def test_a_thread_in_a_cycle_with_its_target_is_collected(threading, collected):
    node = Node()
    node.thread = threading.Thread(target=bool, args=(node,))
    reference = weakref.ref(node)
    del node
    collected(reference)


def test_a_thread_that_ran_keeps_nothing_of_its_target(threading, collected):
    node = Node()
    reference = weakref.ref(node)
    thread = threading.Thread(target=lambda n: n, args=(node,))
    del node
    thread.start()
    thread.join()
    collected(reference)


def test_what_a_blocked_thread_holds_stays_alive(threading, kind, spawn, asleep, collected):
    event = threading.Event()
    node = Node()
    reference = weakref.ref(node)

    def wait(node):
        event.wait()
        return node

    waiter = spawn(wait, node)
    del node
    asleep(waiter)
    gc.collect()
    assert reference() is not None
    event.set()
    waiter.result()


def test_a_primitive_dropped_by_all_but_its_waiter_lives_on(threading, spawn, asleep):
    box = [threading.Event(), threading.Condition(), threading.Semaphore(0)]

    def wait(number):
        if number == 1:
            with box[1]:
                return box.__getitem__(1).wait(0.2)
        return box[number].wait(0.2) if number == 0 else box[number].acquire(timeout=0.2)

    waiters = [spawn(wait, number) for number in range(3)]
    asleep(*waiters)
    box[:] = [None] * 3
    gc.collect()
    assert [each.result() for each in waiters] == [False] * 3


def test_a_destructor_may_use_the_primitive_it_belongs_to(threading, kind):
    used = []

    class Sub(type(KINDS[kind](threading))):
        def __del__(self):
            if hasattr(self, "acquire"):
                self.acquire()
                self.release()
            if hasattr(self, "set"):
                self.set()
            if hasattr(self, "n_waiting"):
                self.wait()
            used.append(repr(self))

    it = Sub(1) if kind == "Barrier" else Sub()
    del it
    gc.collect()
    assert len(used) == 1


def test_a_weak_reference_callback_may_use_other_primitives(threading, kind):
    lock, event, used = threading.Lock(), threading.Event(), []

    def callback(_):
        with lock:
            event.set()
            used.append(event.wait(0))

    it = KINDS[kind](threading)
    reference = weakref.ref(it, callback)
    del it
    gc.collect()
    assert used == [True] and reference() is None


@pytest.mark.raddle_only
def test_destructors_that_run_inside_a_primitive_may_use_it(child):
    # The collector may run at any allocation, so also inside an operation on the primitive
    # that the destructor asks for: the stdlib's Python-made ones deadlock on their own lock.
    code = """
        import gc
        event, semaphore = threading.Event(), threading.Semaphore(1)
        condition, rlock, ran = threading.Condition(), threading.RLock(), []
        class Node:
            def __init__(self): self.me = self
            def __del__(self):
                event.set(); event.clear()
                semaphore.release(); semaphore.acquire(False)
                with rlock: pass
                with condition: condition.notify_all()
                ran.append(1)
        gc.set_threshold(1)
        for _ in range(300):
            Node()
            event.set(); event.wait(0); event.clear()
            with semaphore: Node()
            with rlock: Node()
            with condition:
                Node(); condition.notify(); condition.wait(0.00001)
        gc.collect()
        print(len(ran))
        """
    assert child(code).stdout == "1200\n"


def test_traversal_names_what_a_condition_and_a_barrier_hold(threading):
    lock, action = threading.RLock(), lambda: None
    condition, barrier = threading.Condition(lock), threading.Barrier(1, action)

    def reachable(root, wanted):
        seen, todo = set(), [root]
        for _ in range(6):
            todo = [
                each for one in todo for each in gc.get_referents(one) if id(each) not in seen
            ]
            seen.update(map(id, todo))
        return id(wanted) in seen

    assert reachable(condition, lock) or not gc.is_tracked(lock)
    assert reachable(barrier, action)


def test_ten_thousand_of_each_leave_no_blocks_behind(threading, kind):
    def churn(count):
        for _ in range(count):
            it = KINDS[kind](threading)
            if hasattr(it, "acquire"):
                it.acquire()
                it.release()
            elif hasattr(it, "set"):
                it.set()
                it.wait(0)
            it = None

    churn(1000)
    gc.collect()
    before = sys.getallocatedblocks()
    churn(10_000)
    gc.collect()
    assert sys.getallocatedblocks() - before < 1000


def test_dead_threads_leave_the_registries(threading, until):
    threads = [threading.Thread(target=lambda: None) for _ in range(50)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not set(threads) & set(threading._active.values()) and not threading._limbo
    references = [weakref.ref(each) for each in threads]
    del threads, each
    until(lambda: gc.collect() is not None and not any(r() for r in references))
    assert not {r() for r in references} - {None}


@pytest.mark.raddle_only
def test_a_future_that_had_itself_for_a_result_is_collected():
    from raddle.futures import Future

    class Mine(Future):
        pass

    future = Mine()
    future._result = future
    future._result = None  # What was there is kept for threads that were reading it.
    del future
    gc.collect()
    assert not any(type(thing) is Mine for thing in gc.get_objects())


# A map of which only some results were taken: its workers rest, and wait to be wanted.


class Half:
    """Has a map that leads back to it, in one of several ways."""

    ME = contextvars.ContextVar("ME")

    def __init__(self, make, way):
        if way == "function":
            self.results = make(self.same, itertools.count())
        elif way == "inputs":
            self.results = make(abs, self.numbers())
        else:
            self.results = contextvars.copy_context().run(self.within, make)
        assert next(self.results) == 0

    def same(self, number):
        return number

    def numbers(self):
        for number in itertools.count():  # noqa: UP028 - it is to keep `self`
            yield number

    def within(self, make):
        self.ME.set(self)
        return make(abs, itertools.count())


def half_taken_is_collected(make, way, collected):
    half = Half(make, way)
    reference = weakref.ref(half)
    del half
    collected(reference)


@pytest.mark.raddle_only
@pytest.mark.parametrize("way", ["function", "inputs", "context"])
def test_a_map_that_was_half_taken_is_collected(way, until, collected):
    import threading

    import raddle

    before = set(threading.enumerate())
    make = partial(raddle.map, backend="threads", workers=2)
    half_taken_is_collected(make, way, collected)
    until(lambda: not set(threading.enumerate()) - before, "the end of its workers")


@pytest.mark.raddle_only
@pytest.mark.parametrize("way", ["function", "inputs", "context"])
def test_a_pools_map_that_was_half_taken_is_collected(way, collected):
    import raddle

    with raddle.Pool(2, "threads") as pool:
        half_taken_is_collected(pool.map, way, collected)
        assert list(pool.map(abs, range(10))) == list(range(10))


@pytest.mark.raddle_only
@pytest.mark.parametrize("kind", kinds.KINDS)
def test_a_map_of_any_kind_that_was_half_taken_is_collected(kind, collected):
    import raddle

    half_taken_is_collected(partial(raddle.map, backend=kind, workers=2), "inputs", collected)
