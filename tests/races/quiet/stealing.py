"""Work stealing: each worker has a deque, and takes of others if its own is empty."""

import collections
import threading


class Task:
    __slots__ = ("high", "left", "lock", "low", "parent", "total")

    def __init__(self, low, high, parent=None):
        self.low, self.high, self.parent = low, high, parent
        self.left, self.total = 0, 0
        self.lock = threading.Lock()

    def finish(self, amount):
        task = self
        while task is not None:
            with task.lock:
                task.total += amount
                task.left -= 1
                done = task.left <= 0
            if not done:
                return
            amount, task = task.total, task.parent


class Scheduler:
    def __init__(self, count):
        self.queues = [collections.deque() for _ in range(count)]
        self.idle = threading.Condition()
        self.stopping = False
        self.done = [0] * count

    def push(self, me, task):
        self.queues[me].append(task)
        with self.idle:
            self.idle.notify()

    def pop(self, me):
        try:
            return self.queues[me].pop()
        except IndexError:
            pass
        for other in self.queues:
            try:
                return other.popleft()
            except IndexError:
                continue
        return None

    def work(self, me):
        while True:
            task = self.pop(me)
            if task is None:
                with self.idle:
                    if self.stopping:
                        return
                    self.idle.wait(0.01)
                continue
            self.run(me, task)

    def run(self, me, task):
        if task.high - task.low <= 8:
            task.finish(sum(range(task.low, task.high)))
            self.done[me] += 1
            return
        middle = (task.low + task.high) // 2
        task.left = 2
        self.push(me, Task(task.low, middle, task))
        self.push(me, Task(middle, task.high, task))

    def stop(self):
        with self.idle:
            self.stopping = True
            self.idle.notify_all()


scheduler = Scheduler(3)


class Root(Task):
    __slots__ = ("event",)

    def finish(self, amount):
        super().finish(amount)


end = threading.Event()


class Last:
    total = 0

    def __init__(self):
        self.lock, self.left, self.parent = threading.Lock(), 1, None

    @property
    def left(self):
        return self._left

    @left.setter
    def left(self, value):
        self._left = value
        if value == 0:
            end.set()


last = Last()
threads = [threading.Thread(target=scheduler.work, args=(n,)) for n in range(3)]
for t in threads:
    t.start()
scheduler.push(0, Task(0, 500, last))
end.wait()
scheduler.stop()
for t in threads:
    t.join()
print(last.total, sum(scheduler.done) >= 63)
print("end")
