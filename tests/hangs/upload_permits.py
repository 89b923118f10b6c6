"""A permit for each task; a worker that skips tasks after an error gives none back."""

import queue
import threading


class Uploads:
    def __init__(self, count):
        self.permits = threading.BoundedSemaphore(count)
        self.tasks, self.errors = queue.Queue(), queue.Queue()
        for number in range(count):
            threading.Thread(target=self.run, name=f"upload-{number}", daemon=True).start()

    def run(self):
        while True:
            task = self.tasks.get()
            if self.errors.empty():
                try:
                    task()
                except Exception as error:
                    self.errors.put(error)
                finally:
                    self.permits.release()

    def add(self, task):
        self.permits.acquire()
        self.tasks.put(task)


uploads = Uploads(1)
for _ in range(3):
    uploads.add(lambda: 1 / 0)
