"""Four workers that take jobs from a queue and keep their results behind one lock.

raddle run --profile examples/jobs.py
"""

import queue
import threading

jobs = queue.Queue(maxsize=8)
results_lock = threading.Lock()
results = []


def work():
    while (number := jobs.get()) is not None:
        with results_lock:  # It should only be held to append.
            results.append(sum(range(number)))


workers = [threading.Thread(target=work) for _ in range(4)]
for each in workers:
    each.start()
for number in range(20_000, 20_500):
    jobs.put(number)
for _ in workers:
    jobs.put(None)
for each in workers:
    each.join()
