"""A registry with decorators and __init_subclass__, singledispatch, enum, cached_property,
lru_cache, singletons."""

import copy
import enum
import functools
import pickle
import threading


class Color(enum.Enum):
    RED = 1
    GREEN = 2

    @property
    def nice(self):
        return self.name.lower()


class Plugin:
    registry = {}  # noqa: RUF012
    _lock = threading.RLock()
    _instances = {}  # noqa: RUF012

    def __init_subclass__(cls, **kw):
        super().__init_subclass__(**kw)
        with Plugin._lock:
            Plugin.registry[cls.__name__] = cls

    @classmethod
    def instance(cls):
        with cls._lock:
            if cls not in cls._instances:
                cls._instances[cls] = cls()
            return cls._instances[cls]

    def __init__(self):
        self.calls, self.lock = 0, threading.Lock()

    def call(self):
        with self.lock:
            self.calls += 1
            return self.calls


class Singleton(type):
    _all, _lock = {}, threading.Lock()

    def __call__(cls, *args, **kw):
        if cls not in cls._all:
            with cls._lock:
                if cls not in cls._all:
                    cls._all[cls] = super().__call__(*args, **kw)
        return cls._all[cls]


class Settings(metaclass=Singleton):
    def __init__(self):
        self.values, self.lock, self.reads = {"a": 1}, threading.Lock(), 0

    def get(self, key):
        with self.lock:
            self.reads += 1
        return self.values[key]


@functools.singledispatch
def show(value):
    return str(value)


@show.register
def _(value: int):
    return f"int {value}"


@show.register
def _(value: Color):
    return f"color {value.nice}"


@functools.lru_cache(maxsize=4)
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


class Shape:
    def __init__(self, n):
        self.n = n

    @functools.cached_property
    def area(self):
        return self.n**2

    def __eq__(self, other):
        return self.n == other.n

    def __hash__(self):
        return hash(self.n)


def work(n):
    for at in range(5):
        kind = type(f"P{n}{at}", (Plugin,), {})
        assert kind.instance() is kind.instance()
        kind.instance().call()
        Settings().get("a")
        show(at)
        show(Color.RED)
        show("x")
        fib(at + 10)
        mine = Shape(at)
        _ = mine.area
        other = copy.copy(mine)
        third = pickle.loads(pickle.dumps(mine))
        fourth = copy.deepcopy(mine)
        other.n += 1
        third.n += 1
        fourth.n += 1
        assert mine.n == at
        with Plugin._lock:
            sorted(Plugin.registry)


ts = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(len(Plugin.registry), Settings().reads, sum(p.calls for p in Plugin._instances.values()))
print("end")
