"""Finalizers, weakref callbacks, __del__ in threads, object pools that take objects back when
they die."""

import contextlib
import gc
import threading
import weakref


class Handle:
    lock = threading.RLock()
    live = 0
    closed = []  # noqa: RUF012

    def __init__(self, n):
        self.n = n
        self.open = True
        self.uses = 0
        with Handle.lock:
            Handle.live += 1

    def use(self):
        self.uses += 1
        self.last = self.n

    def __del__(self):
        self.open = False
        self.uses = -1
        with Handle.lock:
            Handle.live -= 1
            Handle.closed.append(self.n)


class Tracker:
    def __init__(self):
        self.lock, self.refs, self.dead = threading.RLock(), {}, 0

    def watch(self, o):
        k = id(o)
        with self.lock:
            self.refs[k] = weakref.ref(o, lambda r, k=k: self.gone(k))

    def gone(self, k):
        with self.lock:
            self.refs.pop(k, None)
            self.dead += 1


tracker = Tracker()
q = []


def work(n):
    for at in range(20):
        h = Handle(n * 100 + at)
        h.use()
        tracker.watch(h)
        if at % 3 == 0:
            q.append(h)
        if at % 5 == 0:
            a = Handle(-1)
            a.me = a
            a.use()
            del a
            gc.collect()
        if at % 4 == 0:
            with contextlib.suppress(IndexError):
                q.pop().use()


ts = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
q.clear()
del t
gc.collect()
print(Handle.live, tracker.dead)


class Big:
    def __init__(self):
        self.v = 0
        self.m = {}


out = []


def churn(n):
    for at in range(300):
        b = Big()
        b.v += 1
        b.m["a"] = at
        b.m["a"] += 1
        b.x = [at]
        b.x[0] += 1
        b.v -= 1
    out.append(n)


ts = [threading.Thread(target=churn, args=(n,)) for n in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
f = []


def fin(n):
    o = Big()
    weakref.finalize(o, f.append, n)


ts = [threading.Thread(target=fin, args=(n,)) for n in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(sorted(f))
print("end")
