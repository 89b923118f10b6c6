"""Parties at a barrier wait for the last one, which takes its time."""

import threading
import time

start = threading.Barrier(4)


def run(delay):
    time.sleep(delay)
    start.wait()


parties = [threading.Thread(target=run, args=(delay,)) for delay in (0, 0, 0, 2.5)]
for each in parties:
    each.start()
for each in parties:
    each.join()
print("end")
