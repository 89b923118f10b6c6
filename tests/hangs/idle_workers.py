"""Forty workers have nothing to do; the thread that would give them work waits for a permit."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait

WORKERS = 40
slots = threading.Semaphore(WORKERS)
all_here = threading.Barrier(WORKERS)
pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="upload")


def upload():
    all_here.wait()  # (No slots.release() on the way out.)


def submit():
    slots.acquire()
    return pool.submit(upload)


wait([submit() for _ in range(WORKERS)])
submit()
