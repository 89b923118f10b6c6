"""Stages with several queues; the items are changed by each stage that has them."""

import queue
import threading


class Item:
    def __init__(self, number):
        self.number = number
        self.stage = 0
        self.notes = []
        self.total = 0

    def add(self, note):
        self.stage += 1
        self.notes.append(note)
        self.total += len(note)


STOP = object()


def stage(name, inbox, outbox, workers_left, lock):
    while True:
        item = inbox.get()
        if item is STOP:
            inbox.put(STOP)
            break
        item.add(f"{name}:{item.number}")
        item.owner = name
        outbox.put(item)
    with lock:
        workers_left[name] -= 1
        last = workers_left[name] == 0
    if last:
        outbox.put(STOP)


lock = threading.Lock()
left = {"parse": 2, "check": 3, "store": 2}
queues = [queue.Queue(4), queue.SimpleQueue(), queue.Queue(), queue.LifoQueue()]
threads = []
for at, name in enumerate(list(left)):
    for _ in range(left[name]):
        threads.append(
            threading.Thread(target=stage, args=(name, queues[at], queues[at + 1], left, lock))
        )
for thread in threads:
    thread.start()
for number in range(40):
    queues[0].put(Item(number))
queues[0].put(STOP)
for thread in threads:
    thread.join()
found = []
while not queues[-1].empty():
    item = queues[-1].get()
    if item is not STOP:
        found.append(item)
assert len(found) == 40 and all(item.stage == 3 and item.owner == "store" for item in found)
print(sum(item.total for item in found))
print("end")
