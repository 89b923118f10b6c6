"""A deque hands jobs over: one thread appends them, another pops and changes them."""

import threading
from collections import deque


class Job:
    def __init__(self, number):
        self.number = number
        self.state = "new"


jobs = deque()
done = []


def produce():
    for number in range(5):
        job = Job(number)
        job.state = "queued"
        jobs.append(job)


def consume():
    while len(done) < 5:
        try:
            job = jobs.popleft()
        except IndexError:
            continue
        job.state += ", done"
        job.number += 10
        done.append(job)


consumer = threading.Thread(target=consume)
consumer.start()
produce()
consumer.join()
print([(job.number, job.state) for job in done])
print("end")
