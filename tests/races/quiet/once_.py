"""Things that are made once: double-checked in many shapes, a lazy descriptor, call_once,
module-level getattr, Future as a lazy value."""

import contextlib
import threading
from concurrent.futures import Future


class Once:
    def __init__(self, f):
        self.f, self.lock, self.done, self.value = f, threading.Lock(), False, None

    def __call__(self):
        if self.done:
            return self.value
        with self.lock:
            if not self.done:
                self.value = self.f()
                self.done = True
            return self.value


class lazy:
    def __init__(self, f):
        self.f, self.lock = f, threading.RLock()

    def __set_name__(self, o, n):
        self.name = n

    def __get__(self, o, t=None):
        if o is None:
            return self
        d = o.__dict__
        if self.name in d:
            return d[self.name]
        with self.lock:
            if self.name not in d:
                d[self.name] = self.f(o)
            return d[self.name]


class Pool:
    _instance, _lock = None, threading.Lock()

    @classmethod
    def get(cls):
        if cls._instance is None:
            with cls._lock:
                if cls._instance is None:
                    cls._instance = cls()
        return cls._instance

    def __init__(self):
        self.items, self.size = [1, 2], 2

    @lazy
    def table(self):
        return {n: n * n for n in range(5)}


class Memo:
    def __init__(self, f):
        self.f, self.lock, self.futures = f, threading.Lock(), {}

    def __call__(self, k):
        with self.lock:
            f = self.futures.get(k)
            mine = f is None
            if mine:
                f = self.futures[k] = Future()
        if mine:
            try:
                f.set_result(self.f(k))
            except BaseException as e:
                with self.lock:
                    self.futures.pop(k, None)
                f.set_exception(e)
        return f.result()


_config = None
_config_lock = threading.Lock()


def config():
    global _config
    c = _config
    if c is None:
        with _config_lock:
            c = _config
            if c is None:
                c = _config = {"a": [1]}
    return c


_handlers = {}
_hl = threading.Lock()


def handler(k):
    try:
        return _handlers[k]
    except KeyError:
        pass
    with _hl:
        try:
            return _handlers[k]
        except KeyError:
            h = _handlers[k] = [k]
            return h


def handler2(k):
    h = _handlers.get((2, k))
    if h is None:
        with _hl:
            h = _handlers.setdefault((2, k), [k])
    return h


o = Once(lambda: {"x": [1]})
m = Memo(lambda k: 1 / k if k != 3 else {}[k])


def work(n):
    for at in range(6):
        o()["x"][0]
        Pool.get().table[2]
        Pool.get().items[0]
        config()["a"][0]
        handler(at)[0]
        handler2(at)[0]
        with contextlib.suppress(KeyError, ZeroDivisionError):
            m(at)


ts = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(len(_handlers), o()["x"])
print("end")
