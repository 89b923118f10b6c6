"""A lock made of a condition lets in many readers or one writer."""

import threading
from contextlib import contextmanager


class ReadWriteLock:
    def __init__(self):
        self.changed = threading.Condition()
        self.readers = 0
        self.writing = False

    @contextmanager
    def read(self):
        with self.changed:
            while self.writing:
                self.changed.wait()
            self.readers += 1
        try:
            yield
        finally:
            with self.changed:
                self.readers -= 1
                self.changed.notify_all()

    @contextmanager
    def write(self):
        with self.changed:
            while self.writing or self.readers:
                self.changed.wait()
            self.writing = True
        try:
            yield
        finally:
            with self.changed:
                self.writing = False
                self.changed.notify_all()


class Table:
    def __init__(self):
        self.lock = ReadWriteLock()
        self.rows = {"a": 1, "b": 2}
        self.version = 0

    def add(self, key, value):
        with self.lock.write():
            self.rows[key] = value
            self.version += 1

    def total(self, out):
        with self.lock.read():
            sums = 0
            for value in self.rows.values():
                sums += value
            out.append(sums >= 3 and self.version < 3)


table, out = Table(), []
threads = [threading.Thread(target=table.total, args=(out,)) for _ in range(2)]
threads += [threading.Thread(target=table.add, args=(key, 5)) for key in "cd"]
threads += [threading.Thread(target=table.total, args=(out,))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(out, sorted(table.rows), table.version)
print("end")
