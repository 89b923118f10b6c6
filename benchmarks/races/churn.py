"""A program that makes and drops objects, locks and threads for as long as CHURN_SECONDS says.

What is alive at a time is bounded. Every CHURN_EVERY seconds it prints its resident memory in
KiB, and how many rounds it has made.
"""

import os
import queue
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

SECONDS = float(os.environ.get("CHURN_SECONDS", "10"))
EVERY = float(os.environ.get("CHURN_EVERY", "1"))
LIVE = 500

# (Compiled once: free-threaded builds never free some of what compiling makes.)
SOURCE = """
class Kind:
    count = 0

    def add(self):
        self.count += 1
"""
KIND = compile(SOURCE, "kind.py", "exec")


class Session:
    def __init__(self, number):
        self.number = number
        self.lock = threading.Lock()
        self.hits = 0
        self.items = {}
        self.last = [0] * 5

    def touch(self, key):
        with self.lock:
            self.hits += 1
            self.items[key] = self.items.get(key, 0) + 1
            self.last[self.hits % 5] = key
            if len(self.items) > 10:
                self.items = {}
            return self.hits


class Sessions:
    def __init__(self):
        self.lock = threading.RLock()
        self.live = {}
        self.made = 0

    def get(self, place):
        with self.lock:
            session = self.live.get(place)
            if session is None:
                self.made += 1
                session = self.live[place] = Session(self.made)
            return session

    def drop(self, place):
        with self.lock:
            self.live.pop(place, None)


def visit(sessions, seed, rounds):
    chance = random.Random(seed)
    for _ in range(rounds):
        place = chance.randrange(LIVE)
        if sessions.get(place).touch(chance.randrange(30)) > 40:
            sessions.drop(place)


def hand_over(count):
    """Send objects through a queue that lives no longer than this call."""
    boxes, total = queue.Queue(maxsize=4), 0

    def fill():
        for number in range(count):
            boxes.put(Session(number))
        boxes.put(None)

    thread = threading.Thread(target=fill)
    thread.start()
    while (session := boxes.get()) is not None:
        total += session.touch(1)
    thread.join()
    assert total == count


def take_turns(parties):
    """Count in closures, with an event and a condition of their own."""
    count, ready, ended = 0, threading.Event(), threading.Condition()

    def add():
        nonlocal count
        ready.wait()
        with ended:
            count += 1
            ended.notify_all()

    threads = [threading.Thread(target=add) for _ in range(parties)]
    for thread in threads:
        thread.start()
    ready.set()
    with ended:
        ended.wait_for(lambda: count == parties)
    for thread in threads:
        thread.join()
    assert count == parties


def new_names():
    """Make and drop a class, with the globals that it is made in."""
    names = {"__name__": "kind"}
    exec(KIND, names)
    thing = names["Kind"]()
    thread = threading.Thread(target=thing.add)
    thread.start()
    thread.join()
    thing.add()
    assert thing.count == 2


def resident_kib():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def main():
    sessions, rounds = Sessions(), 0
    end = time.monotonic() + SECONDS
    said = time.monotonic()
    while (now := time.monotonic()) < end:
        rounds += 1
        with ThreadPoolExecutor(3) as pool:
            tasks = [pool.submit(visit, sessions, rounds * 3 + each, 200) for each in range(3)]
        for task in tasks:
            task.result()
        hand_over(20)
        take_turns(3)
        if rounds % 10 == 0:
            new_names()
        assert len(sessions.live) <= LIVE
        if now - said >= EVERY:
            said = now
            print(f"resident_kib: {resident_kib()} rounds: {rounds}", flush=True)


if __name__ == "__main__":
    main()
