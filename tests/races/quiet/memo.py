"""Memo decorators with locks: one for all, one per key, per instance, striped, with a lock in a
base class."""

import collections
import contextlib
import functools
import threading


def memo(function):
    lock, known = threading.Lock(), {}

    @functools.wraps(function)
    def wrapper(*args):
        with lock:
            if args in known:
                return known[args]
        value = function(*args)
        with lock:
            return known.setdefault(args, value)

    wrapper.known = known
    return wrapper


def memo_per_key(function):
    locks, guard, known = collections.defaultdict(threading.Lock), threading.Lock(), {}

    @functools.wraps(function)
    def wrapper(key):
        with guard:
            lock = locks[key]
        with lock:
            try:
                return known[key]
            except KeyError:
                known[key] = value = function(key)
                return value

    return wrapper


class Striped:
    def __init__(self, n):
        self.locks, self.parts = [threading.Lock() for _ in range(n)], [{} for _ in range(n)]

    def add(self, key, amount):
        at = hash(key) % len(self.locks)
        with self.locks[at]:
            part = self.parts[at]
            part[key] = part.get(key, 0) + amount

    def total(self):
        with contextlib.ExitStack() as stack:
            for lock in self.locks:
                stack.enter_context(lock)
            return sum(sum(part.values()) for part in self.parts)


class Base:
    def __init__(self):
        self._lock = threading.RLock()

    def __enter__(self):
        self._lock.acquire()
        return self

    def __exit__(self, *_):
        self._lock.release()


class Stats(Base):
    def __init__(self):
        super().__init__()
        self.n, self.by = 0, collections.defaultdict(list)

    def add(self, key, value):
        with self:
            self.n += 1
            self.by[key].append(value)

    @property
    def mean(self):
        with self:
            return sum(map(sum, self.by.values())) / (self.n or 1)


class Timed(Stats):
    def add(self, key, value):
        with self:
            super().add(key, value)
            self.last = value
            if self.n > 10:
                self.by[key] = self.by[key][-3:]


@memo
def slow(n):
    return {"n": n, "list": list(range(n))}


@memo_per_key
def once(n):
    return [n]


striped, stats = Striped(3), Timed()
calls = collections.Counter()


def work(n):
    for at in range(20):
        assert slow(at % 5)["n"] == at % 5
        assert once(at % 4) == [at % 4]
        striped.add(f"k{at % 7}", 1)
        stats.add(at % 3, at)
        _ = stats.mean
        striped.total()


ts = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(striped.total(), stats.n)
print("end")
