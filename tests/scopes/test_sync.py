"""raddle.sync: RWLock, Latch, Once, AtomicInt, AtomicRef, cached_property."""

import copy
import functools
import gc
import pickle
import weakref

import pytest
import raddle
from raddle import sync

pytestmark = pytest.mark.raddle_only


def test_many_read_and_one_writes(spawn, threading):
    lock, inside, go = sync.RWLock(), threading.Semaphore(0), threading.Event()

    def read():
        with lock.read():
            inside.release()
            go.wait()

    readers = [spawn(read) for _ in range(3)]
    for _ in readers:
        inside.acquire()
    assert lock.readers == 3 and lock.locked()
    assert not lock.write.acquire(False)
    go.set()
    for reader in readers:
        reader.result()
    with lock.write:
        assert spawn(lock.read.acquire, False).result() is False
        assert spawn(lock.write.acquire, False).result() is False
        assert repr(lock).startswith("<raddle.sync.RWLock at 0x") and "written" in repr(lock)
    assert not lock.locked() and "free" in repr(lock)


def test_a_writer_that_waits_is_not_starved(spawn, asleep):
    lock, order = sync.RWLock(), []

    def write():
        with lock.write():
            order.append("writes")

    def read():
        with lock.read():
            order.append("reads")

    lock.read.acquire()
    writer = spawn(write)
    asleep(writer)
    reader = spawn(read)
    asleep(reader)
    with lock.read():
        order.append("reads inside its own read")
    lock.read.release()
    writer.result(), reader.result()
    assert order == ["reads inside its own read", "writes", "reads"]
    assert lock._waiting() == 0


def test_what_would_wait_for_itself_is_refused(spawn):
    lock = sync.RWLock()
    with lock.read():
        for take in (
            lock.write.acquire,
            lock.write().__enter__,
            lambda: lock.write.acquire(False),
        ):
            with pytest.raises(
                RuntimeError, match="holds the lock to read, and cannot wait to write"
            ):
                take()
    with lock.write():
        for take in (
            lock.write.acquire,
            lock.read.acquire,
            lambda: lock.read.acquire(timeout=1),
        ):
            with pytest.raises(RuntimeError, match="holds the lock to write"):
                take()
    for give in (lock.read.release, lock.write.release):
        with pytest.raises(RuntimeError, match="does not hold the lock"):
            give()
    with lock.read(), pytest.raises(RuntimeError, match="does not hold the lock"):
        spawn(lock.read.release).result()


def test_timeouts_of_a_rwlock(spawn):
    lock = sync.RWLock()
    with lock.write():
        assert spawn(lambda: lock.read.acquire(timeout=0.001)).result() is False

        def read():
            with lock.read(timeout=0.001):
                raise AssertionError("it is written")

        with pytest.raises(TimeoutError, match=r"could not be taken to read within 0\.001 s"):
            spawn(read).result()
    with lock.read(timeout=1), lock.read(None):
        assert lock.readers == 2
    for wrong in ("1", [], object()):
        with pytest.raises(TypeError):
            lock.read(timeout=wrong)
    with pytest.raises(ValueError):
        lock.write.acquire(False, 1)


def test_a_scope_ends_waits_for_a_rwlock_and_a_latch(spawn):
    lock, latch = sync.RWLock(name="prices"), sync.Latch(name="ready")
    lock.write.acquire()

    def run(wait):
        with raddle.deadline(0.001):
            wait()

    with pytest.raises(TimeoutError, match="waited for prices, "):
        spawn(run, lock.read.acquire).result()
    with pytest.raises(TimeoutError, match="waited for ready to open, "):
        run(latch.wait)
    lock.write.release()
    assert lock.write.acquire(False) and latch._waiting() == 0


def test_a_latch_opens_for_good(spawn, asleep):
    latch = sync.Latch(2)
    waiters = [spawn(latch.wait) for _ in range(3)]
    asleep(*waiters)
    assert latch.count_down() == 1 and not latch.is_open() and latch.count == 1
    assert latch.wait(0.001) is False
    assert latch.count_down(5) == 0 and latch.is_open()
    assert [waiter.result() for waiter in waiters] == [True] * 3
    assert latch.wait() is True and latch.count_down() == 0
    assert "open" in repr(latch) and sync.Latch(0).is_open()


def test_what_a_latch_cannot_count_is_refused():
    for wrong in ("1", 1.5, None.__class__, True):
        with pytest.raises(TypeError, match="a latch's count is a whole number"):
            sync.Latch(wrong)
        with pytest.raises(TypeError, match="whole number"):
            sync.Latch().count_down(wrong)
    for wrong in (-1, 10**30):
        with pytest.raises(ValueError, match="a latch's count is a number from 0 on"):
            sync.Latch(wrong)
    with pytest.raises(ValueError, match="from 1 on"):
        sync.Latch().count_down(0)


def test_an_atomic_int():
    number = sync.AtomicInt(5)
    assert (number.get(), number.add(), number.add(4), number.sub(), number.sub(2)) == (
        5,
        6,
        10,
        9,
        7,
    )
    assert number.swap(1) == 7 and int(number) == 1 and repr(number) == "AtomicInt(1)"
    assert number.compare_exchange(1, 2) is True and number.compare_exchange(1, 3) is False
    assert number.update(lambda value: value * 21) == 42 and number.get() == 42
    assert number.set(-3) is None and number.get() == -3
    assert sync.AtomicInt().get() == 0


def test_an_atomic_int_holds_64_bits():
    number = sync.AtomicInt(2**63 - 1)
    for change in (number.add, lambda: number.sub(-1), lambda: number.set(2**63)):
        with pytest.raises(OverflowError, match="64 bits"):
            change()
    assert number.get() == 2**63 - 1
    for wrong in ("1", 1.5, None):
        with pytest.raises(TypeError):
            sync.AtomicInt(wrong)
        with pytest.raises(TypeError, match="an AtomicInt holds a whole number"):
            number.set(wrong)
    assert number.swap(True) == 2**63 - 1 and number.get() == 1
    with pytest.raises(ZeroDivisionError):
        number.update(lambda value: value // 0)
    assert number.get() == 1


def test_what_an_atomic_int_adds_is_a_whole_number_of_64_bits():
    class Seven:
        def __index__(self):
            return 7

    number = sync.AtomicInt()
    assert (number.add(True), number.add(Seven()), number.sub(Seven())) == (1, 8, 1)
    for wrong in ("1", 1.5, None):
        with pytest.raises(TypeError, match="an AtomicInt holds a whole number"):
            number.add(wrong)
    for large in (2**63, -(2**63) - 1, 2**200):
        with pytest.raises(OverflowError, match="64 bits"):
            number.add(large)
    with pytest.raises(TypeError, match="sub\\(\\) takes at most 1 argument \\(2 given\\)"):
        number.sub(1, 2)
    assert number.get() == 1 and number.sub(2**63 - 1) == 2 - 2**63
    assert number.add(2**63 - 1) == 1 and number.sub(-(2**62)) == 2**62 + 1


def test_a_number_that_threads_have_contended_for_goes_when_nobody_has_it(spawn, threading):
    kept, begin = [sync.AtomicInt()], threading.Barrier(4)
    gone = weakref.ref(kept[0])

    def work():
        begin.wait()
        return [kept[0].add() for _ in range(5000)][-1]

    workers = [spawn(work) for _ in range(4)]
    assert max(worker.result() for worker in workers) == kept[0].get() == 20_000
    kept.clear()
    gc.collect()
    assert gone() is None


def test_no_addition_is_lost(spawn):
    number, ref = sync.AtomicInt(), sync.AtomicRef(())

    def work(me):
        for step in range(2000):
            number.add()
            number.update(lambda value: value + 1)
            if step % 20 == 0:
                ref.update(lambda value: (*value, me))

    workers = [spawn(work, me) for me in range(4)]
    for worker in workers:
        worker.result()
    assert number.get() == 4 * 2000 * 2
    assert sorted(ref.get()) == sorted([0, 1, 2, 3] * 100)


def test_an_atomic_ref(let_go):
    one, other = [1], [1]
    ref = sync.AtomicRef(one)
    assert ref.get() is one
    assert ref.compare_exchange(other, 2) is False, "equal is not the same"
    assert ref.compare_exchange(one, other) is True and ref.get() is other
    assert ref.swap(None) is other and ref.get() is None and repr(ref) == "AtomicRef(None)"
    assert sync.AtomicRef().get() is None
    assert ref.set(one) is None and ref.update(lambda value: [*value, 2]) == [1, 2] == ref.get()

    class Node:
        pass

    node = Node()
    node.ref = sync.AtomicRef(node)
    reference = weakref.ref(node)
    del node
    gc.collect()
    assert reference() is None


def test_an_atomic_ref_calls_what_dies_outside_its_lock():
    ref = sync.AtomicRef()

    class Dying:
        def __del__(self):
            seen.append(ref.get())

    seen = []
    ref.set(Dying())
    ref.set(1)
    ref.compare_exchange(1, Dying())
    ref.swap(2)
    assert seen == [1, 2]


def test_once_calls_once_and_all_get_the_result(threading, spawn, asleep):
    go, calls = threading.Event(), []

    @sync.once
    def config():
        """The settings."""
        calls.append(1)
        go.wait()
        return {"a": 1}

    callers = [spawn(config) for _ in range(4)]
    asleep(*callers)
    go.set()
    results = [caller.result() for caller in callers]
    assert len(calls) == 1 and all(result is results[0] for result in results)
    assert config() is results[0]
    assert (config.__name__, config.__doc__, config.__module__) == (
        "config",
        "The settings.",
        __name__,
    )


def test_those_that_wait_get_the_error_and_the_next_call_tries_again(threading, spawn, asleep):
    go, calls = threading.Event(), []

    @sync.once
    def flaky():
        calls.append(1)
        if len(calls) == 1:
            go.wait()
            raise KeyError("first")
        return len(calls)

    callers = [spawn(flaky) for _ in range(3)]
    asleep(*callers)
    go.set()
    for caller in callers:
        with pytest.raises(KeyError, match="first"):
            caller.result()
    assert len(calls) == 1
    assert flaky() == 2 == flaky()


def test_once_refuses_what_it_cannot_do():
    @sync.once
    def itself():
        return itself()

    with pytest.raises(RuntimeError, match="calls itself before it has returned"):
        itself()
    with pytest.raises(TypeError, match="takes no arguments"):
        sync.once(lambda value: value)(1)
    with pytest.raises(TypeError, match="has to be a function"):
        sync.once(7)


def test_once_is_for_each_instance():
    class Service:
        made = 0

        @sync.once
        def connect(self):
            Service.made += 1
            return [self]

        @sync.cached_property
        def pool(self):
            """Its pool."""
            Service.made += 1
            return object()

    one, other = Service(), Service()
    assert one.connect() is one.connect() and one.connect()[0] is one
    assert other.connect() is not one.connect()
    assert one.pool is one.pool is not other.pool
    assert Service.made == 4
    assert Service.pool.__doc__ == "Its pool." and isinstance(Service.connect, sync.Once)
    assert "pool" in vars(one) and not [name for name in vars(one) if name.startswith("_once")]
    reference = weakref.ref(one)
    del one
    gc.collect()
    assert reference() is None


def test_a_property_is_made_once_by_threads_that_ask_together(threading, spawn):
    barrier = threading.Barrier(8)

    class Lazy:
        made = ()

        @sync.cached_property
        def value(self):
            Lazy.made += (1,)
            return object()

    lazy = Lazy()

    def ask():
        barrier.wait()
        return lazy.value

    asked = [spawn(ask) for _ in range(8)]
    assert len({id(each.result()) for each in asked}) == 1 and len(Lazy.made) == 1


def test_no_room_for_it_is_said():
    class Slotted:
        __slots__ = ()

        @sync.cached_property
        def value(self):
            raise AssertionError

        @sync.once
        def method(self):
            raise AssertionError

    for ask in (lambda: Slotted().value, lambda: Slotted().method()):
        with pytest.raises(TypeError, match="has no __dict__"):
            ask()


MAKE = [
    sync.RWLock,
    sync.Latch,
    sync.AtomicInt,
    sync.AtomicRef,
    functools.partial(sync.Once, int),
]


@pytest.mark.parametrize("make", MAKE)
def test_they_are_not_copied_and_can_be_referred_to_weakly(make):
    made = make()
    for wrong in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot pickle"):
            wrong(made)
    assert weakref.ref(made)() is made
