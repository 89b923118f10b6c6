"""A cache without a lock: two threads miss the same key, and both compute it."""

# race: check cache["a"]

import threading

cache = {}


def load(key):
    if key not in cache:  # racing
        cache[key] = key.upper() * 3  # racing


threads = [threading.Thread(target=load, args=("a",)) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(cache["a"])
print("end")
