"""Bounded queues as they are used in Go: a channel that counts, one that locks, one that is
waited for."""

import queue
import threading

slots = queue.Queue(1)  # put to enter, get to leave
tokens = queue.Queue()  # get to enter, put to leave
tokens.put(None)
lifo = queue.LifoQueue(1)


class Stats:
    def __init__(self):
        self.entered = 0
        self.names = []
        self.last = None


a, b, c = Stats(), Stats(), Stats()


def enter(stats, n):
    stats.entered += 1
    stats.names.append(n)
    if stats.last is None or stats.last < n:
        stats.last = n


def work(n):
    for _ in range(8):
        slots.put(n)
        enter(a, n)
        slots.get()
        tokens.get()
        try:
            enter(b, n)
        finally:
            tokens.put(None)
        lifo.put(n)
        enter(c, n)
        lifo.get()


threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for t in threads:
    t.start()
for t in threads:
    t.join()
# rendezvous: a bounded queue's producer waits for its consumer
box = queue.Queue(1)
buffers = [[0], [0]]


def produce():
    for n in range(10):
        buffers[n % 2][0] = n
        ready.put(n % 2)
        ack.get()


def consume():
    for n in range(10):
        at = ready.get()
        assert buffers[at][0] == n
        buffers[at][0] += 1
        ack.put(None)


ready, ack = queue.SimpleQueue(), queue.SimpleQueue()
threads = [threading.Thread(target=each) for each in (produce, consume)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(a.entered, b.entered, c.entered)
print("end")
