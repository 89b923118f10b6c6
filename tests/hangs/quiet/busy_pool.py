"""A task waits for another of its pool, whose other worker is busy for a while."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

pool, both_here = ThreadPoolExecutor(2), threading.Barrier(2)


def compute():
    both_here.wait()
    time.sleep(2.5)


def wait():
    both_here.wait()
    return pool.submit(str.upper, "end").result()


pool.submit(compute)
print(pool.submit(wait).result().lower())
