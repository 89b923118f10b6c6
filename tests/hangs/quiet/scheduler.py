"""A scheduler sleeps until its next job, which sets the event that all wait for."""

import sched
import threading
import time

done = threading.Event()
jobs = sched.scheduler(time.monotonic, time.sleep)
jobs.enter(2.5, 1, done.set)
threads = [threading.Thread(target=done.wait) for _ in range(3)]
threads.append(threading.Thread(target=jobs.run))
for each in threads:
    each.start()
for each in threads:
    each.join()
print("end")
