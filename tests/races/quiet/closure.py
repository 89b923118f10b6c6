"""A nonlocal counter is changed and read under a lock of the same closure."""

import threading


def make_counter():
    lock = threading.Lock()
    value = 0
    history = []

    def add(amount):
        nonlocal value
        with lock:
            value += amount
            history.append(value)

    def mean():
        with lock:
            return sum(entry for entry in history) / max(1, len(history)), value

    return add, mean


add, mean = make_counter()
threads = [threading.Thread(target=add, args=(5,)) for _ in range(3)]
for thread in threads:
    thread.start()
mean()
for thread in threads:
    thread.join()
print(mean())
print("end")
