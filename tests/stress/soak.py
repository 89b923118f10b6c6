"""Queues under load: every item that any number of threads put is got once, or handed back.

Putters and getters of every kind (blocking, trying, with a timeout that is often too short),
signals to the main thread, garbage whose destructors put, queues that a program opens half-way,
shutdowns in the middle. At the end the books have to balance.
"""

import gc
import os
import signal
import threading as stock_threading
import time

from common import PRELUDE, SUBJECT, Ledger, joined, main, module

KINDS = ("Queue", "LifoQueue", "PriorityQueue", "SimpleQueue")


def queues():
    """Return the `queue` under torture."""
    namespace = {}
    line = "from raddle import queue\n" if SUBJECT == "raddle" else "import queue\n"
    exec(PRELUDE + line, namespace)
    return namespace["queue"]


class Books:
    """What one thread has put and got; each is written by that thread alone."""

    def __init__(self):
        self.put, self.got, self.refused, self.waits = [], [], 0, 0


def feed(queue, it, me, count, chance, books):
    """Put `count` items in one way after the other."""
    for number in range(count):
        item = me * count + number
        while True:
            try:
                way = chance.randrange(4)
                if way == 0:
                    it.put_nowait(item)
                elif way == 1:
                    it.put(item, timeout=chance.random() * 0.0005)
                else:
                    it.put(item)
            except queue.Full:
                books.waits += 1
                continue
            except getattr(queue, "ShutDown", ()):
                books.refused += count - number
                return
            books.put.append(item)
            break


def eat(queue, it, chance, books, over):
    """Get items until `over` is set and there are none, or the queue is shut down."""
    while True:
        try:
            way = chance.randrange(4)
            item = (
                it.get_nowait()
                if way == 0
                else it.get(timeout=0.02 if way == 1 else chance.random() * 0.001)
            )
        except queue.Empty:
            books.waits += 1
            if over.is_set() and it.empty():
                return
            continue
        except getattr(queue, "ShutDown", ()):
            return
        books.got.append(item)
        if hasattr(it, "task_done"):
            it.task_done()


def soak(threading, queue, kind, chance, count, ledger):
    """Let threads pass `count` items each, and balance the books."""
    size = chance.choice([(), (1,), (3,), (100,)]) if kind != "SimpleQueue" else ()
    it, over = getattr(queue, kind)(*size), stock_threading.Event()
    putters, getters = chance.randrange(1, 5), chance.randrange(1, 5)
    books = [Books() for _ in range(putters + getters)]
    failures = []

    def guarded(work, *arguments):
        try:
            work(*arguments)
        except BaseException as error:
            failures.append(error)

    chances = [type(chance)(chance.random()) for _ in books]
    feeders = [
        threading.Thread(
            target=guarded,
            args=(feed, queue, it, me, count, chances[me], books[me]),
            daemon=True,
        )
        for me in range(putters)
    ]
    eaters = [
        threading.Thread(
            target=guarded,
            args=(eat, queue, it, chances[me], books[me], over),
            daemon=True,
        )
        for me in range(putters, putters + getters)
    ]
    shuts = hasattr(it, "shutdown") and chance.random() < 0.3
    opens = hasattr(it, "join") and chance.random() < 0.3
    for each in (*feeders, *eaters):
        each.start()
    if shuts or opens:
        time.sleep(chance.random() * 0.02)
    if opens:
        assert it.mutex
        ledger.add("opened")
    if shuts:
        it.shutdown()
        ledger.add("shut down")
    joined(feeders)
    over.set()
    joined(eaters)
    assert not failures, f"{kind}{size}: {failures}"
    put = [item for each in books for item in each.put]
    got = [item for each in books for item in each.got]
    refused = sum(each.refused for each in books)
    assert it.qsize() == 0, f"{kind}{size}: {it.qsize()} items left"
    assert len(put) + refused == putters * count, f"{kind}{size}: items went astray in put()"
    assert sorted(put) == sorted(got), f"{kind}{size}: lost or doubled: {set(put) ^ set(got)}"
    if hasattr(it, "join"):
        assert it.unfinished_tasks == 0
        it.join()
    ledger.add("items", len(got))
    ledger.add("waits in vain", sum(each.waits for each in books))


def torture(long, chance):
    threading, queue, ledger = module(), queues(), Ledger()
    signals = []
    signal.signal(signal.SIGALRM, lambda *_: signals.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.003, 0.003)
    side, dropped = queue.SimpleQueue(), 0

    class Garbage:
        def __init__(self):
            self.me = self

        def __del__(self):
            side.put(os.getpid())

    end = time.monotonic() + (600 if long else 8)
    while time.monotonic() < end:
        for kind in KINDS:
            soak(threading, queue, kind, chance, chance.choice([50, 500, 3000]), ledger)
            for _ in range(20):
                Garbage()
                dropped += 1
            ledger.add("soaks")
    signal.setitimer(signal.ITIMER_REAL, 0)
    gc.collect()
    assert side.qsize() == dropped, f"{side.qsize()} of {dropped} destructors have put"
    ledger.add("signals", len(signals))
    return ledger


if __name__ == "__main__":
    main(torture)
