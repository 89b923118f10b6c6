"""Inheritance with locks in bases, properties with locks, template methods, mixins, descriptors
with locks, __slots__."""

import abc
import functools
import threading


class Locked:
    def __init__(self, *a, **k):
        self._lock = threading.RLock()
        super().__init__(*a, **k)

    def synchronized(method):
        @functools.wraps(method)
        def w(self, *a, **k):
            with self._lock:
                return method(self, *a, **k)

        return w


class LockedProperty:
    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, o, t=None):
        if o is None:
            return self
        with o._lock:
            return getattr(o, self.name, 0)

    def __set__(self, o, v):
        with o._lock:
            setattr(o, self.name, v)


class Base(Locked, abc.ABC):
    level = LockedProperty()

    def __init__(self):
        super().__init__()
        self.events, self._temp = [], 0.0

    @Locked.synchronized
    def run(self, x):
        self.before(x)
        self.do(x)
        self.after(x)
        return len(self.events)

    @abc.abstractmethod
    def do(self, x): ...
    def before(self, x):
        self.events.append(("before", x))

    def after(self, x):
        self.events.append(("after", x))
        self.count = getattr(self, "count", 0) + 1

    @property
    def temp(self):
        with self._lock:
            return self._temp

    @temp.setter
    def temp(self, v):
        with self._lock:
            self._temp = v

    def warm(self, d):
        with self._lock:
            self.temp += d
            self.level += 1


class Child(Base):
    total = 0

    def do(self, x):
        self.total += x
        self.last = x

    @Locked.synchronized
    def run(self, x):
        n = super().run(x)
        if n > 20:
            self.events = self.events[-4:]
        return n


class Counter:
    __slots__ = ("__weakref__", "_lock", "n")

    def __init__(self):
        self._lock, self.n = threading.Lock(), 0

    def __iadd__(self, k):
        with self._lock:
            self.n += k
        return self

    def __int__(self):
        with self._lock:
            return self.n


class Registry:
    def __init__(self):
        self.counter = Counter()
        self.child = Child()


r = Registry()


def work(n):
    c = r.counter
    for at in range(10):
        r.child.run(at)
        r.child.warm(0.5)
        _ = r.child.temp
        c += 1


ts = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(r.child.total, r.child.temp, r.child.level, int(r.counter), r.child.count)
print("end")
