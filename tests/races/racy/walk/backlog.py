"""A monitor looks through a deque of tasks while a worker takes the next one."""

# race: walk Backlog.tasks

import threading
from collections import deque


class Backlog:
    def __init__(self, *tasks):
        self.tasks = deque(tasks)
        self.waiting = threading.Semaphore(len(tasks))

    def take(self):
        self.waiting.acquire()
        return self.tasks.popleft()  # racing

    def oldest(self):
        try:
            return [task for task in self.tasks if task.startswith("old")]  # racing
        except RuntimeError:
            return []


backlog, out = Backlog("old 1", "new 2", "old 3"), []
taking = threading.Thread(target=backlog.take)
watching = threading.Thread(target=lambda: out.append(backlog.oldest()))
taking.start()
watching.start()
taking.join()
watching.join()
print(len(out))
print("end")
