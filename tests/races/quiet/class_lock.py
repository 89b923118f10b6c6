"""A lock of the class guards what its instances share, by the class or by self."""

import threading
from typing import ClassVar


class Worker:
    lock = threading.Lock()
    started = 0
    names: ClassVar[dict[str, int]] = {}

    def __init__(self, name):
        self.name = name
        with self.lock:
            Worker.started += 1

    @classmethod
    def count(cls, name):
        with cls.lock:
            if name not in cls.names:
                cls.names[name] = 0
            cls.names[name] += 1

    def work(self):
        type(self).count(self.name)


class Loud(Worker):
    def work(self):
        with Loud.lock:
            Worker.names["loud"] = Worker.names.get("loud", 0) + 1


def run(kind, name):
    kind(name).work()


threads = [threading.Thread(target=run, args=(kind, "a")) for kind in (Worker, Loud) * 2]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(Worker.started, sorted(Worker.names.items()))
print("end")
