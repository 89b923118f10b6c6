"""multiprocessing.pool.ThreadPool: its three threads of housekeeping, and a slow task."""

import time
from multiprocessing.pool import ThreadPool


def slow(word):
    time.sleep(2.5)
    return word


with ThreadPool(2) as pool:
    print(pool.apply(slow, ("end",)))
