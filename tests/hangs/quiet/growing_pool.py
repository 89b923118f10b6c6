"""A task of a pool that may have another worker waits for a task that the new one runs."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

pool = ThreadPoolExecutor(3)
threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()


def slow(number):
    time.sleep(1.3)
    return number


def whole():
    parts = [pool.submit(slow, number) for number in range(4)]
    return sorted(future.result() for future in as_completed(parts))


assert pool.submit(whole).result() == [0, 1, 2, 3]
print("end")
