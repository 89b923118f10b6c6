"""Every key has a lock of its own, which guards the item of that key."""

import threading
from collections import defaultdict

first = threading.Lock()
locks = defaultdict(threading.Lock)
values = {"a": 0, "b": 0}


def add(key, amount):
    with first:
        lock = locks[key]
    with lock:
        values[key] += amount


threads = [
    threading.Thread(target=add, args=item) for item in zip("abab", range(4), strict=True)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(values)
print("end")
