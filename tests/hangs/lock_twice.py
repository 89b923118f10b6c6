"""A method that takes the lock calls another that takes it too."""

import threading


class Counter:
    def __init__(self):
        self.lock = threading.Lock()
        self.count = 0

    def add(self):
        with self.lock:
            self.count += 1
            self.show()

    def show(self):
        with self.lock:
            print(self.count)


counter = Counter()
counter.add()
