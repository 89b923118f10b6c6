"""Each worker object has a lock of its own, and the sum that they share is in the class."""

# race: update Worker.total

import threading


class Worker:
    total = 0

    def __init__(self, numbers):
        self.lock = threading.Lock()
        self.numbers = numbers

    def run(self):
        for number in self.numbers:
            with self.lock:
                Worker.total += number  # racing


workers = [Worker([1, 2]), Worker([3, 4])]
threads = [threading.Thread(target=worker.run) for worker in workers]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(Worker.total)
print("end")
