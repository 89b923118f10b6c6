"""A scheduler: tasks wait in a heap by priority, and may ask for more tasks."""

import heapq
import itertools
import threading

import measured


class Task:
    def __init__(self, priority, number, depth):
        self.priority, self.number, self.depth = priority, number, depth
        self.result = None

    def __lt__(self, other):
        return (self.priority, self.number) < (other.priority, other.number)

    def run(self):
        value = self.number
        for step in range(20):
            value = (value * 31 + step) % 1009
        self.result = value
        return [(self.priority + 1, self.depth - 1)] * 2 if self.depth else []


class Scheduler:
    def __init__(self):
        self.changed = threading.Condition()
        self.heap = []
        self.running = 0
        self.done = []
        self.numbers = itertools.count()

    def submit(self, priority, depth):
        with self.changed:
            heapq.heappush(self.heap, Task(priority, next(self.numbers), depth))
            self.changed.notify()

    def take(self):
        with self.changed:
            while not self.heap:
                if not self.running:
                    self.changed.notify_all()
                    return None
                self.changed.wait()
            self.running += 1
            return heapq.heappop(self.heap)

    def finish(self, task):
        with self.changed:
            self.running -= 1
            self.done.append(task)
            if not self.running and not self.heap:
                self.changed.notify_all()

    def work(self):
        while (task := self.take()) is not None:
            for priority, depth in task.run():
                self.submit(priority, depth)
            self.finish(task)


def main(scale):
    scheduler = Scheduler()
    for priority in range(scale):
        scheduler.submit(priority, 6)
    workers = [threading.Thread(target=scheduler.work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(scheduler.done) == scale * (2**7 - 1)
    assert {task.number for task in scheduler.done} == set(range(len(scheduler.done)))
    assert all(0 <= task.result < 1009 for task in scheduler.done)


if __name__ == "__main__":
    measured.run(main, 440)
