"""More of JaConTeBe: the pools of Apache Commons, DBCP and Pool."""

from .shared import Guarded, bug, pause, threading


@bug
def dbcp_65():
    """JaConTeBe dbcp_65: a pool wants the connection's lock, and that one the pool's."""
    pool, connection = threading.RLock(), threading.RLock()
    traces, idle = [], ["statement"]

    def evict():
        with pool:
            for each in idle:
                with connection:
                    traces.append(each)

    def prepare():
        with connection, pool:
            idle.pop()

    yield evict, prepare


@bug
def dbcp_369():
    """JaConTeBe dbcp_369: a map is walked under a lock, and changed without it."""
    lock, instances, changes = threading.Lock(), {1: "a", 2: "b"}, Guarded(0)

    def register():
        with lock:
            begun = changes.get()
            for each in sorted(instances):
                if changes.get() != begun:
                    raise RuntimeError(f"changed while it is walked, at {each}")

    def remove():
        del instances[2]
        changes.set(changes.get() + 1)

    yield register, remove


@bug
def pool_120():
    """JaConTeBe pool_120: a keeper adds an object while one who wants it has found none."""
    lock, idle, active = threading.Lock(), [], [1]

    def make():
        with lock:
            active[0] += 1
            assert active[0] <= 2, "too many"

    def keep_one_idle():
        with lock:
            if idle or active[0] == 2:
                return
        make()
        with lock:
            idle.append(object())

    def borrow():
        with lock:
            found = idle.pop() if idle else None
        if found is None:
            make()

    yield keep_one_idle, borrow


@bug
def pool_146():
    """JaConTeBe pool_146: one waits for a key that has none left, and holds up the others."""
    changed, waiting, left = threading.Condition(), [], {"a": 0, "b": 1}

    def borrow(key):
        with changed:
            waiting.append(key)
            while waiting[0] != key or not left[key]:
                changed.wait()
            waiting.pop(0)
            left[key] -= 1
            changed.notify_all()

    def borrow_b():
        borrow("b")
        with changed:  # only then is the other one's given back
            left["a"] += 1
            changed.notify_all()

    def borrow_a():
        borrow("a")

    yield borrow_b, borrow_a


@bug
def pool_149():
    """JaConTeBe pool_149: one is told that there is room before it waits to be told."""
    lock, active, waiting = threading.Lock(), [1], []

    def borrow():
        latch = threading.Condition()
        with lock:
            if active[0] == 0:
                return
            waiting.append(latch)
        with latch:
            latch.wait()

    def invalidate():
        with lock:
            active[0] -= 1
            if waiting:
                latch = waiting.pop()
                with latch:
                    latch.notify()

    yield invalidate, borrow


@bug
def pool_162():
    """JaConTeBe pool_162: an object is kept for one who no longer waits (its time is over)."""
    lock, waiting, idle = threading.Lock(), [], []

    def borrow(timeout):
        told = threading.Event()
        with lock:
            if idle:
                return idle.pop()
            waiting.append(told)
        return told.wait(timeout)

    def impatient():
        if borrow(0.001):
            give_back()

    def give_back():
        with lock:
            if waiting:
                waiting.pop(0).set()
            else:
                idle.append(object())

    def use():
        pause()
        give_back()
        borrow(None)

    yield impatient, use
