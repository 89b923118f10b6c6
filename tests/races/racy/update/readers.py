"""A lock lets many readers in at once, and the readers count their hits under it."""

# race: update Table.hits

import threading


class ReadLock:
    def __init__(self):
        self.changed = threading.Condition()
        self.readers = 0

    def __enter__(self):
        with self.changed:
            self.readers += 1

    def __exit__(self, *error):
        with self.changed:
            self.readers -= 1
            if self.readers == 0:
                self.changed.notify_all()


class Table:
    def __init__(self):
        self.reading = ReadLock()
        self.rows = {"ann": 1, "bob": 2}
        self.hits = 0

    def get(self, name):
        with self.reading:
            self.hits += 1  # racing
            return self.rows[name]


table = Table()
threads = [threading.Thread(target=table.get, args=(name,)) for name in ("ann", "bob")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(table.hits)
print("end")
