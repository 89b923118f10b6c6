"""Two threads add to one counter, and nobody has thought of a lock.

raddle run --race examples/races/counter.py
"""

import threading

counter = 0


def add_many():
    global counter
    for _ in range(10_000):
        counter += 1


threads = [threading.Thread(target=add_many, name=name) for name in ("ann", "bob")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"counter: {counter}")
