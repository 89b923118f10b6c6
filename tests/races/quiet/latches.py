"""A latch and a phaser of conditions; each phase reads what the one before has written."""

import threading


class Latch:
    def __init__(self, count):
        self._count = count
        self._cond = threading.Condition()

    def count_down(self):
        with self._cond:
            self._count -= 1
            if self._count == 0:
                self._cond.notify_all()

    def wait(self):
        with self._cond:
            while self._count > 0:
                self._cond.wait()


class Phaser:
    def __init__(self, parties):
        self.parties = parties
        self._arrived = 0
        self._phase = 0
        self._cond = threading.Condition()

    def arrive_and_wait(self):
        with self._cond:
            phase = self._phase
            self._arrived += 1
            if self._arrived == self.parties:
                self._arrived = 0
                self._phase += 1
                self._cond.notify_all()
            else:
                while self._phase == phase:
                    self._cond.wait()
        return phase


SIZE = 4
cells = list(range(SIZE))
sums = [0] * SIZE
results = {}
latch = Latch(SIZE)
phaser = Phaser(SIZE)


def work(me):
    global cells
    for _ in range(5):
        left, right = cells[me - 1], cells[(me + 1) % SIZE]
        sums[me] = left + right
        phaser.arrive_and_wait()
        cells[me] = sums[me] % 100
        phaser.arrive_and_wait()
    results[me] = cells[me]
    latch.count_down()


threads = [threading.Thread(target=work, args=(n,)) for n in range(SIZE)]
for t in threads:
    t.start()
latch.wait()
print(sorted(results.items()), cells)
for t in threads:
    t.join()
print("end")
