"""Each wait that a scope ends: how it is brought about, and that nothing was lost by it."""

import contextlib


class Wait:
    """A thing, and the wait for it.

    Subclasses have `make`, `wait`, which waits for ever, `give`, which would end the wait, and
    `take`, which gets what was given without waiting, and fails if it is not there.
    """

    says = ""  # what reports call the wait
    lasts = True  # it is there to be waited for again
    given = True  # `give` ends it, without an error

    def __init__(self, threading, queue, futures, spawn):
        self.threading, self.queue, self.futures, self.spawn = threading, queue, futures, spawn
        self.it = self.make()

    def end(self):
        """Ends what `make` has begun."""


class Lock(Wait):
    says = "waited for a lock"

    def make(self):
        lock = self.threading.Lock()
        lock.acquire()
        return lock

    def wait(self):
        self.it.acquire()

    def give(self):
        self.it.release()

    def take(self):
        assert self.it.acquire(False)


class WithLock(Lock):
    given = False

    def wait(self):
        with self.it:
            raise AssertionError("it was taken")


class TimedLock(Lock):
    def wait(self):
        self.it.acquire(timeout=1000)


class RLock(Wait):
    says = "waited for a rlock"

    def make(self):
        lock, self.go = self.threading.RLock(), self.threading.Event()
        taken = self.threading.Event()

        def hold():
            with lock:
                taken.set()
                self.go.wait()

        self.holder = self.spawn(hold)
        taken.wait()
        return lock

    def wait(self):
        self.it.acquire()

    def give(self):
        self.go.set()
        self.holder.end()

    def take(self):
        assert self.it.acquire(False)
        self.it.release()

    def end(self):
        self.go.set()


class Condition(Wait):
    says = "waited for a notify of a condition"

    def make(self):
        return self.threading.Condition()

    def wait(self):
        with self.it:
            try:
                self.it.wait()
            finally:
                assert self.it._is_owned(), "it has taken its lock back"

    def give(self):
        with self.it:
            self.it.notify()

    def take(self):
        with self.it:
            assert not self.it._is_owned() or True


class ConditionOfForeignLock(Condition):
    def make(self):
        class Foreign:
            def __init__(self, lock):
                self.acquire, self.release = lock.acquire, lock.release

            def __enter__(self):
                return self.acquire()

            def __exit__(self, *_):
                self.release()

        return self.threading.Condition(Foreign(self.threading.Lock()))


class WaitFor(Condition):
    given = False

    def wait(self):
        with self.it:
            self.it.wait_for(lambda: False)


class Semaphore(Wait):
    says = "waited for a permit of a semaphore"

    def make(self):
        return self.threading.Semaphore(0)

    def wait(self):
        self.it.acquire()

    def give(self):
        self.it.release()

    def take(self):
        assert self.it.acquire(False)


class Event(Wait):
    says = "waited for an event to be set"

    def make(self):
        return self.threading.Event()

    def wait(self):
        self.it.wait()

    def give(self):
        self.it.set()

    def take(self):
        assert self.it.is_set()


class Barrier(Wait):
    says = "waited for the others at a barrier"
    given = False

    def make(self):
        return self.threading.Barrier(2)

    def wait(self):
        self.it.wait()

    def give(self):
        """The thread is out of the round, as after any interrupt."""

    def take(self):
        assert self.it.n_waiting == 0 and not self.it.broken


class Get(Wait):
    says = "waited for an item in a queue"
    kind = "Queue"

    def make(self):
        return getattr(self.queue, self.kind)()

    def wait(self):
        self.it.get()

    def give(self):
        self.it.put(7)

    def take(self):
        assert self.it.get(False) == 7


class GetLifo(Get):
    kind = "LifoQueue"


class GetPriority(Get):
    kind = "PriorityQueue"


class GetSimple(Get):
    kind = "SimpleQueue"


class GetOpened(Get):
    def make(self):
        opened = self.queue.Queue()
        assert opened.mutex and opened.not_empty
        return opened

    says = "waited for a notify of a condition"


class Put(Wait):
    says = "waited for room in a queue"

    def make(self):
        full = self.queue.Queue(1)
        full.put("first")
        return full

    def wait(self):
        self.it.put("second")

    def give(self):
        assert self.it.get(False) == "first"

    def take(self):
        assert self.it.qsize() == 0


class Join(Wait):
    says = "waited for every item of a queue to be done"

    def make(self):
        pending = self.queue.Queue()
        pending.put(1)
        return pending

    def wait(self):
        self.it.join()

    def give(self):
        self.it.task_done()

    def take(self):
        self.it.join()


class Thread(Wait):
    says = "waited for the end of a thread"

    def make(self):
        self.go = self.threading.Event()
        self.held = self.spawn(self.go.wait)
        return self.held.thread

    def wait(self):
        self.it.join()

    def give(self):
        self.go.set()

    def take(self):
        self.it.join()

    def end(self):
        self.go.set()


class Result(Wait):
    says = "waited for the result of a future"

    def make(self):
        return self.futures.Future()

    def wait(self):
        self.it.result()

    def give(self):
        self.it.set_result(7)

    def take(self):
        assert self.it.result() == 7


class Wait_(Result):
    says = "waited for futures to be done"

    def wait(self):
        self.futures.wait([self.it])


class AsCompleted(Wait_):
    def wait(self):
        list(self.futures.as_completed([self.it]))


class ExecutorMap(Wait):
    says = "waited for the result of a future"

    def make(self):
        self.go = self.threading.Event()
        return self.futures.ThreadPoolExecutor(1)

    def wait(self):
        list(self.it.map(lambda _: self.go.wait(), range(2)))

    def give(self):
        self.go.set()

    def take(self):
        assert self.it.submit(int).result() == 0

    def end(self):
        self.go.set()
        self.it.shutdown()


class Map(Wait):
    says = "waited for the workers of a pool"
    lasts = given = False

    def make(self):
        self.go = self.threading.Event()

    def wait(self):
        import raddle

        try:
            list(raddle.map(lambda _: self.go.wait(), range(4), workers=2))
        finally:
            self.go.set()

    def give(self):
        self.go.set()

    def take(self):
        assert self.go.is_set()


class Sleep(Wait):
    says = "was asleep"
    given = False

    def make(self):
        import raddle

        return raddle

    def wait(self):
        self.it.sleep(1000)

    def give(self):
        """Nothing ends a sleep but its time."""

    def take(self):
        assert self.it.sleep(0.001) is None


WAITS = [
    each
    for each in list(globals().values())
    if isinstance(each, type) and issubclass(each, Wait) and each is not Wait
]


@contextlib.contextmanager
def ended(wait):
    """The wait is there for this block."""
    try:
        yield wait
    finally:
        wait.end()
