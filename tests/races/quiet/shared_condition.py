"""Two conditions stand on one lock, and the value is also changed under the lock itself."""

import threading


class Tank:
    def __init__(self):
        self.lock = threading.Lock()
        self.not_empty = threading.Condition(self.lock)
        self.not_full = threading.Condition(self.lock)
        self.level = 0
        self.changes = 0

    def fill(self):
        with self.not_full:
            while self.level >= 2:
                self.not_full.wait()
            self.level += 1
            self.changes += 1
            self.not_empty.notify()

    def drain(self):
        with self.not_empty:
            while self.level == 0:
                self.not_empty.wait()
            self.level -= 1
            self.changes += 1
            self.not_full.notify()

    def look(self):
        with self.lock:
            self.changes += 1
            return self.level


def repeat(action):
    for _ in range(5):
        action()


tank = Tank()
threads = [
    threading.Thread(target=repeat, args=(f,)) for f in (tank.fill, tank.drain, tank.look)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(tank.level, tank.changes)
print("end")
