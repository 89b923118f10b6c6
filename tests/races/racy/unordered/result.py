"""The answer of a thread is read before the thread is joined. It may not be there yet."""

# race: unordered Worker.result

import threading


class Worker(threading.Thread):
    def __init__(self, numbers):
        super().__init__()
        self.numbers = numbers
        self.result = None

    def run(self):
        self.result = sum(self.numbers)  # racing


worker = Worker(range(10))
worker.start()
total = worker.result  # racing
worker.join()
print(total in (None, 45))
print("end")
