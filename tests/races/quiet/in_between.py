"""What was read is written again, or checked and acted upon, after a thread was joined."""

import threading


class Counter:
    def __init__(self):
        self.lock = threading.Lock()
        self.count = 0

    def add(self):
        with self.lock:
            self.count += 1

    def round(self):
        assert self.count == 0
        threads = [threading.Thread(target=self.add) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.count = 0


class Job:
    def __init__(self):
        self.state = "new"

    def prepare(self):
        self.state = "prepared"

    def run(self):
        if self.state == "new":
            thread = threading.Thread(target=self.prepare)
            thread.start()
            thread.join()
            self.state = "ready"


class Config:
    level = 1


def set_level():
    Config.level = 0


def quiet():
    level = Config.level
    thread = threading.Thread(target=set_level)
    thread.start()
    thread.join()
    Config.level = level + 0


items = [1, 2, 3, 4]


def drain():
    if items:
        thread = threading.Thread(target=items.pop)
        thread.start()
        thread.join()
        items.pop()


counter = Counter()
counter.round()
counter.round()
job = Job()
job.run()
quiet()
drain()
print(counter.count, job.state, Config.level, items)
print("end")
