"""A worker polls a flag that another thread sets. It is only looked at, so it is harmless."""

import threading


class Worker(threading.Thread):
    def __init__(self):
        super().__init__()
        self.running = True
        self.began = threading.Event()
        self.rounds = 0

    def run(self):
        while self.running:
            self.rounds += 1
            self.began.set()

    def stop(self):
        self.running = False


worker = Worker()
worker.start()
worker.began.wait()
worker.stop()
worker.join()
print(worker.rounds > 0)
print("end")
