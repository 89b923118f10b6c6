"""A ring of three places between a producer and a consumer, ordered by two semaphores."""

import threading


class Ring:
    def __init__(self, size):
        self.places = [None] * size
        self.free = threading.Semaphore(size)
        self.full = threading.Semaphore(0)
        self.start = 0
        self.stop = 0

    def put(self, item):
        self.free.acquire()
        self.places[self.stop % len(self.places)] = item
        self.stop += 1
        self.full.release()

    def get(self):
        self.full.acquire()
        item = self.places[self.start % len(self.places)]
        self.places[self.start % len(self.places)] = None
        self.start += 1
        self.free.release()
        return item


def produce(ring):
    for number in range(8):
        ring.put({"number": number, "square": number * number})


ring = Ring(3)
thread = threading.Thread(target=produce, args=(ring,))
thread.start()
total = 0
for _ in range(8):
    item = ring.get()
    item["square"] += 1
    total += item["square"]
thread.join()
print(total, ring.places)
print("end")
