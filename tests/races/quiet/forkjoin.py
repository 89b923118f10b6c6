"""Fork and join on executors and threads, recursively; halves of one list are changed in
place."""

import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, as_completed, wait


def merge_sort(data, low, high, depth=0):
    if high - low < 2:
        return
    middle = (low + high) // 2
    if depth < 2:
        thread = threading.Thread(target=merge_sort, args=(data, low, middle, depth + 1))
        thread.start()
        merge_sort(data, middle, high, depth + 1)
        thread.join()
    else:
        merge_sort(data, low, middle, depth + 1)
        merge_sort(data, middle, high, depth + 1)
    left, right = data[low:middle], data[middle:high]
    at = low
    while left and right:
        data[at] = left.pop(0) if left[0] <= right[0] else right.pop(0)
        at += 1
    for each in left or right:
        data[at] = each
        at += 1


def quick(pool, data, low, high, futures, lock):
    if low >= high:
        return
    pivot, at = data[high], low
    for i in range(low, high):
        if data[i] < pivot:
            data[i], data[at] = data[at], data[i]
            at += 1
    data[high], data[at] = data[at], data[high]
    with lock:
        futures.append(pool.submit(quick, pool, data, low, at - 1, futures, lock))
        futures.append(pool.submit(quick, pool, data, at + 1, high, futures, lock))


data = [(n * 7919) % 101 for n in range(60)]
merge_sort(data, 0, len(data))
assert data == sorted(data)
data = [(n * 7919) % 103 for n in range(50)]
with ThreadPoolExecutor(4) as pool:
    futures, lock = [], threading.Lock()
    quick(pool, data, 0, len(data) - 1, futures, lock)
    while True:
        with lock:
            pending = [f for f in futures if not f.done()]
        if not pending:
            break
        wait(pending)
assert data == sorted(data), data
totals = [0] * 4


def fill(n):
    for at in range(10):
        totals[n] += at
    return n


with ThreadPoolExecutor(2) as pool:
    fs = {pool.submit(fill, n): n for n in range(4)}
    for future in as_completed(fs):
        totals[future.result()] += 1
    pending = {pool.submit(fill, n) for n in range(4)}
    while pending:
        done, pending = wait(pending, return_when=FIRST_COMPLETED)
        for future in done:
            totals[future.result()] += 1
print(totals)
print("end")
