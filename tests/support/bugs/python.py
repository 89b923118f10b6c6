"""Mistakes of Python programs: values, locks, conditions, events."""

from .shared import Atomic, Guarded, bug, pause, sync, threading


@bug
def lost_update():
    """Two read a total before one of them writes it."""
    total = Guarded(0)

    def add():
        total.set(total.get() + 1)

    yield add, add
    assert total.get() == 2


@bug
def check_then_act_in_a_cache():
    """Two find that a key is not there, and both make its value."""
    cache, lock, made = {}, threading.Lock(), []

    def get():
        with lock:
            known = "key" in cache
        if not known:
            with lock:
                made.append(1)
                cache["key"] = object()

    yield get, get
    assert len(made) == 1


@bug
def singleton_made_twice():
    """An object that is made when it is first asked for is made by two."""
    holder, made = Guarded(None), []

    def instance():
        if holder.get() is None:
            made.append(1)
            holder.set(object())

    yield instance, instance, instance
    assert len(made) == 1


@bug
def singleton_seen_half_made():
    """One looks without the lock, and finds an object that is not yet set up."""
    lock, holder, is_set_up = threading.Lock(), Guarded(None), Guarded(False)

    def instance():
        if holder.get() is None:
            with lock:
                if holder.get() is None:
                    holder.set(object())
                    is_set_up.set(True)
        assert is_set_up.get()

    yield instance, instance


@bug
def three_philosophers():
    """Each has one fork, and waits for that of the neighbour."""
    forks = [threading.Lock() for _ in range(3)]

    def eat(at):
        def philosopher():
            with forks[at], forks[(at + 1) % 3]:
                pass

        return philosopher

    yield eat(0), eat(1), eat(2)


@bug
def lost_notification():
    """A thread looks without the lock, and is told before it waits."""
    condition, ready = threading.Condition(), []

    def wait():
        if not ready:
            with condition:
                condition.wait()

    def tell():
        ready.append(1)
        with condition:
            condition.notify()

    yield wait, tell


@bug
def waits_once_instead_of_in_a_loop():
    """Two are told of one item, and the second does not look again."""
    condition, items = threading.Condition(), []

    def take():
        with condition:
            if not items:
                condition.wait()
            items.pop()

    def put():
        with condition:
            items.append(1)
            condition.notify_all()

    yield take, put, take, put


@bug
def notifies_one_of_two_kinds():
    """Who puts and who gets wait for the same condition, and one of them is told."""
    condition, room, items = threading.Condition(), 1, []

    def put():
        with condition:
            while len(items) >= room:
                condition.wait()
            items.append(1)
            condition.notify()

    def get():
        with condition:
            while not items:
                condition.wait()
            items.pop()
            condition.notify()

    yield put, put, get, get


@bug
def event_cleared_too_early():
    """An event is cleared before the thread that it woke has looked."""
    event, other, seen = threading.Event(), threading.Event(), []

    def wait():
        event.wait()
        seen.append(event.is_set())

    def pulse():
        event.set()
        other.wait()
        event.clear()

    yield wait, pulse, other.set
    assert seen == [True]


@bug
def event_cleared_after_the_work():
    """What is asked for between the work and the clear is forgotten."""
    event, asked, done = threading.Event(), Guarded(0), []

    def ask():
        asked.set(asked.get() + 1)
        event.set()

    def work():
        while len(done) < 2:
            event.wait()
            while len(done) < asked.get():
                done.append(1)
            event.clear()

    def ask_twice():
        ask()
        ask()

    yield work, ask_twice


@bug
def semaphore_not_given_back_after_an_error():
    """An error on the way keeps a permit."""
    permits, done = threading.Semaphore(1), []

    def use(number):
        permits.acquire()
        if number == 1 and done:
            return  # An error on the way: the permit is gone.
        done.append(number)
        permits.release()

    def first():
        use(1)

    def second():
        use(2)

    def third():
        use(3)

    yield first, second, third


@bug
def closed_while_in_use():
    """One looks whether it is open, and it is closed before it is used."""
    is_open, lock = Guarded(True), threading.Lock()

    def use():
        if is_open.get():
            with lock:
                assert is_open.get(), "used after it was closed"

    def close():
        is_open.set(False)

    yield use, close


@bug
def iterator_shared_by_two():
    """Two ask whether there is something left, and there is for one of them."""
    left, lock, seen = list(range(3)), threading.Lock(), []

    def work():
        while True:
            with lock:
                if not left:
                    return
            with lock:
                seen.append(left.pop())

    yield work, work
    assert sorted(seen) == [0, 1, 2]


@bug
def dict_changed_while_it_is_walked():
    """Listeners are called one by one, and one of them is taken away."""
    lock, listeners = threading.Lock(), {"a": len, "b": len}

    def call_all():
        for each in listeners.values():
            with lock:
                each("event")

    def remove():
        with lock:
            listeners.pop("b", None)

    yield call_all, remove


@bug
def counted_down_once_too_often():
    """The last of two opens a latch, if it sees that it is the last."""
    latch, left = sync.Latch(2), Guarded(2)

    def done():
        left.set(left.get() - 1)
        if left.get() == 0:
            latch.count_down()
            latch.count_down()

    yield done, done
    assert latch.is_open()


@bug
def reads_two_balances():
    """A sum is taken while something is on its way."""
    one, other = Guarded(10), Guarded(0)
    sums = []

    def move():
        one.set(one.get() - 5)
        other.set(other.get() + 5)

    def audit():
        sums.append(one.get() + other.get())

    yield move, audit
    assert sums == [10]


@bug
def double_start():
    """Two start what was not started yet."""
    started, lock, starts = Guarded(False), threading.Lock(), []

    def start():
        if not started.get():
            started.set(True)
            with lock:
                starts.append(threading.current_thread().name)

    yield start, start
    assert len(starts) == 1


@bug
def callback_under_a_lock():
    """A callback is called under a lock, and takes the one that its owner has."""
    lock, other = threading.Lock(), threading.Lock()

    def publish():
        with lock, other:  # the callback
            pass

    def subscribe():
        with other, lock:
            pass

    yield publish, subscribe


@bug
def barrier_reset_under_waiters():
    """A barrier is reset while one waits at it."""
    barrier = threading.Barrier(2)

    def wait():
        barrier.wait()

    yield wait, wait, barrier.reset


@bug
def upgrade_of_a_read():
    """What was seen under a read lock is added to under a write lock."""
    value, lock = [0], sync.RWLock()

    def add():
        with lock.read():
            seen = value[0]
        with lock.write():
            value[0] = seen + 1

    yield add, add
    assert value == [2]


@bug
def compare_without_exchange():
    """An atomic value is compared, and then changed in a second step."""
    count = sync.AtomicInt(0)

    def add_up_to_one():
        if count.get() < 1:
            count.add(1)

    yield add_up_to_one, add_up_to_one
    assert count.get() == 1


@bug
def aba():
    """A list begins with what it began with, but what follows is not what it was."""
    head = Atomic("a")
    following, taken = {"a": Guarded("b"), "b": Guarded("c"), "c": Guarded(None)}, []

    def take():
        while True:
            first = head.get()
            if head.set_if(first, following[first].get()):
                taken.append(first)
                return

    def take_two_and_put_one_back():
        take()
        first = taken[-1]
        take()
        taken.remove(first)
        following[first].set(head.get())
        head.set(first)

    yield take, take_two_and_put_one_back
    assert head.get() not in taken


@bug
def spinning_lock_of_two_steps():
    """A flag says that somebody is inside; it is looked at, and then set."""
    busy, inside = Guarded(False), Atomic(0)

    def use():
        while busy.get():
            pause()
        busy.set(True)
        assert inside.add(1) == 1, "two are inside"
        inside.add(-1)
        busy.set(False)

    yield use, use
