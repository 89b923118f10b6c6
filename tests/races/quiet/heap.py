"""A heap of jobs is used under a condition; the worker changes the job that it took out."""

import heapq
import threading


class Scheduler:
    def __init__(self):
        self.changed = threading.Condition()
        self.heap = []
        self.closed = False

    def add(self, when, job):
        with self.changed:
            heapq.heappush(self.heap, (when, job["name"], job))
            self.changed.notify()

    def close(self):
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def work(self, done):
        while True:
            with self.changed:
                while not self.heap and not self.closed:
                    self.changed.wait()
                if not self.heap:
                    return
                _, name, job = heapq.heappop(self.heap)
            job["runs"] += 1
            done.append(name)


scheduler, done = Scheduler(), []
jobs = [{"name": name, "runs": 0} for name in "abcd"]
threads = [threading.Thread(target=scheduler.work, args=(done,)) for _ in range(2)]
for thread in threads:
    thread.start()
for when, job in enumerate(jobs):
    job["runs"] += 1
    scheduler.add(when, job)
scheduler.close()
for thread in threads:
    thread.join()
print(sorted(done), [job["runs"] for job in jobs])
print("end")
