"""A latch made of a condition opens when three parts are ready; then all parts are read."""

import threading


class Latch:
    def __init__(self, count):
        self.changed = threading.Condition(threading.Lock())
        self.count = count

    def count_down(self):
        with self.changed:
            self.count -= 1
            if self.count == 0:
                self.changed.notify_all()

    def wait(self):
        with self.changed:
            while self.count > 0:
                self.changed.wait()


class Part:
    def __init__(self):
        self.size = 0


def make(part, size, latch):
    part.size = size
    part.size *= 2
    latch.count_down()


latch, parts = Latch(3), [Part() for _ in range(3)]
for size, part in enumerate(parts, 1):
    threading.Thread(target=make, args=(part, size, latch)).start()
latch.wait()
for part in parts:
    part.size += 1
print([part.size for part in parts])
print("end")
