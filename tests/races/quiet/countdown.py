"""The last worker to finish, told by a count under a lock, adds up what the others found."""

import threading


class Job:
    def __init__(self, parts):
        self.lock = threading.Lock()
        self.left = len(parts)
        self.parts = parts
        self.results = [None] * len(parts)
        self.total = None

    def work(self, number):
        self.results[number] = sum(self.parts[number])
        with self.lock:
            self.left -= 1
            last = self.left == 0
        if last:
            self.total = sum(self.results[n] for n in range(len(self.parts)))


job = Job([range(3), range(4), range(5)])
threads = [threading.Thread(target=job.work, args=(n,)) for n in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(job.total)
print("end")
