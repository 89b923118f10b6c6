"""A result that takes its time."""

import time
from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(4) as pool:
    slow = pool.submit(time.sleep, 2.5)
    [quick.result() for quick in [pool.submit(abs, -1) for _ in range(10)]]
    slow.result()
print("end")
