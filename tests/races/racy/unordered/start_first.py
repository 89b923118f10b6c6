"""The thread is started first, and told its title afterwards. It can run without one."""

# race: unordered Worker.title

import threading


class Worker(threading.Thread):
    def __init__(self, out):
        super().__init__()
        self.title = "worker"
        self.out = out

    def run(self):
        self.out.append(f"I am {self.title}")  # racing


out = []
worker = Worker(out)
worker.start()
worker.title = "the first worker"  # racing
worker.join()
print(len(out))
print("end")
