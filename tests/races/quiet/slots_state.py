"""Slots of an array are taken and given back under a lock; what is in them is used outside."""

import threading

FREE, BUSY = 0, 1


class Slot:
    def __init__(self):
        self.state = FREE
        self.data = bytearray(8)
        self.owner = None
        self.uses = 0


class Slab:
    def __init__(self, count):
        self.cond = threading.Condition()
        self.slots = [Slot() for _ in range(count)]
        self.used = [False] * count
        self.mask = 0
        self.names = {}

    def take(self):
        with self.cond:
            while True:
                for slot in self.slots:
                    if slot.state == FREE:
                        slot.state = BUSY
                        return slot
                self.cond.wait()

    def give(self, slot):
        with self.cond:
            slot.state = FREE
            self.cond.notify()

    def take_index(self):
        with self.cond:
            while all(self.used):
                self.cond.wait()
            at = self.used.index(False)
            self.used[at] = True
            return at

    def give_index(self, at):
        with self.cond:
            self.used[at] = False
            self.cond.notify()

    def take_bit(self):
        with self.cond:
            while self.mask == 0b11:
                self.cond.wait()
            at = 0 if not self.mask & 1 else 1
            self.mask |= 1 << at
            return at

    def give_bit(self, at):
        with self.cond:
            self.mask &= ~(1 << at)
            self.cond.notify()


class Cell:
    value = 0


slab = Slab(2)
by_index = [Cell(), Cell()]
by_bit = [Cell(), Cell()]


def work(n):
    for _ in range(12):
        slot = slab.take()
        slot.owner = n
        slot.uses += 1
        slot.data[n] = (slot.data[n] + 1) % 256
        assert slot.owner == n
        slot.owner = None
        slab.give(slot)
        at = slab.take_index()
        by_index[at].value += 1
        slab.give_index(at)
        at = slab.take_bit()
        by_bit[at].value += 1
        slab.give_bit(at)


threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(
    sum(s.uses for s in slab.slots),
    sum(c.value for c in by_index),
    sum(c.value for c in by_bit),
)
print("end")
