"""What is set before start() is seen in run(), and what run() sets is seen after join()."""

import threading


class Runner(threading.Thread):
    def __init__(self, distance):
        super().__init__()
        self.distance = distance
        self.steps = 0
        self.before = None

    def run(self):
        if self.before is not None:
            self.before.join()
            self.steps = self.before.steps
        self.steps += self.distance


first, second = Runner(3), Runner(4)
second.before = first
first.distance += 1
first.start()
second.start()
second.join()
second.steps += 1
print(first.steps, second.steps)
print("end")
