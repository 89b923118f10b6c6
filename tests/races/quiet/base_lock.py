"""The lock is in a base class, and the methods of its subclasses take it."""

import threading


class Guarded:
    def __init__(self):
        self._lock = threading.RLock()

    def __enter__(self):
        self._lock.acquire()
        return self

    def __exit__(self, *error):
        self._lock.release()


class Counter(Guarded):
    def __init__(self):
        super().__init__()
        self.value = 0

    def add(self, amount):
        with self:
            self.value += amount


class LoudCounter(Counter):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def add(self, amount):
        with self._lock:
            self.calls += 1
            super().add(amount)


counter = LoudCounter()
threads = [threading.Thread(target=counter.add, args=(n,)) for n in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(counter.value, counter.calls)
print("end")
