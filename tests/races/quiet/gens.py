"""Generators behind a lock, one that goes from thread to thread, tee, and an iterator class."""

import contextlib
import queue
import threading


class Locked:
    def __init__(self, iterator):
        self._it, self._lock = iter(iterator), threading.Lock()

    def __iter__(self):
        return self

    def __next__(self):
        with self._lock:
            return next(self._it)


def numbers(limit, state):
    total = 0
    for n in range(limit):
        total += n
        state["made"] += 1
        state["total"] = total
        yield n


state = {"made": 0, "total": 0}
source = Locked(numbers(60, state))
sums = {}


def work(me):
    mine = 0
    for n in source:
        mine += n
    sums[me] = mine


ts = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(sum(sums.values()), state)


class Pages:
    def __init__(self, n):
        self.at, self.n, self.lock, self.buffer = 0, n, threading.Lock(), []

    def __iter__(self):
        return self

    def __next__(self):
        with self.lock:
            if not self.buffer:
                if self.at >= self.n:
                    raise StopIteration
                self.buffer = [self.at * 3 + i for i in range(3)]
                self.at += 1
            return self.buffer.pop()


pages = Pages(10)
out = []
ts = [threading.Thread(target=lambda: out.extend(pages)) for _ in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(sorted(out) == list(range(30)))


def baton():
    seen = []
    count = 0
    while True:
        got = yield count
        if got is None:
            return
        seen.append(got)
        count += 1


def hold(q_in, q_out, name):
    while (g := q_in.get()) is not None:
        with contextlib.suppress(StopIteration):
            g.send(name)
        q_out.put(g)
    q_out.put(None)


a, b, c = queue.Queue(), queue.Queue(), queue.Queue()
ts = [
    threading.Thread(target=hold, args=(a, b, "x")),
    threading.Thread(target=hold, args=(b, c, "y")),
]
for t in ts:
    t.start()
for _ in range(4):
    g = baton()
    next(g)
    a.put(g)
a.put(None)
while (g := c.get()) is not None:
    print(g.send("z"))
for t in ts:
    t.join()
print("end")
