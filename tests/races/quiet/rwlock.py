"""A read-write lock of a condition, with a preference for writers; upgrade by a writer."""

import contextlib
import threading


class RWLock:
    def __init__(self):
        self._cond = threading.Condition(threading.Lock())
        self._readers = 0
        self._writer = False
        self._waiting = 0

    @contextlib.contextmanager
    def reading(self):
        with self._cond:
            while self._writer or self._waiting:
                self._cond.wait()
            self._readers += 1
        try:
            yield
        finally:
            with self._cond:
                self._readers -= 1
                if not self._readers:
                    self._cond.notify_all()

    @contextlib.contextmanager
    def writing(self):
        with self._cond:
            self._waiting += 1
            while self._writer or self._readers:
                self._cond.wait()
            self._waiting -= 1
            self._writer = True
        try:
            yield
        finally:
            with self._cond:
                self._writer = False
                self._cond.notify_all()


class Table:
    def __init__(self):
        self.lock = RWLock()
        self.rows = {}
        self.version = 0
        self.total = 0.0

    def put(self, key, value):
        with self.lock.writing():
            old = self.rows.get(key, 0)
            self.rows[key] = value
            self.total = self.total - old + value
            self.version += 1

    def get(self, key):
        with self.lock.reading():
            return self.rows.get(key), self.version

    def check(self):
        with self.lock.reading():
            assert sum(self.rows.values()) == self.total
            return self.version


table = Table()


def writer(n):
    for at in range(15):
        table.put((n, at % 5), at)


def reader():
    seen = 0
    for at in range(20):
        now = table.check()
        assert now >= seen
        seen = now
        table.get((0, at % 5))


threads = [threading.Thread(target=writer, args=(n,)) for n in range(2)]
threads += [threading.Thread(target=reader) for _ in range(3)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(table.version, table.total)
print("end")
