"""A scheduler that two threads give tasks to."""

import threading

import drive
from schedcore import Scheduler, Task

PACKAGE = "schedcore"

scheduler = Scheduler(workers=2)
done = threading.Semaphore(0)


def schedule():
    for _ in range(50):
        scheduler.schedule(Task(0.001, False, done.release))


scheduler.start()
drive.together(schedule, schedule)
for _ in range(100):
    done.acquire(timeout=0.5)
scheduler.request_stop()
