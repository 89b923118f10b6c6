"""multiprocessing.pool.ThreadPool and dummy, as libraries have them; map, imap, apply_async
with callbacks."""

import threading
from multiprocessing import dummy
from multiprocessing.pool import ThreadPool


class Row:
    def __init__(self, n):
        self.n, self.total = n, 0

    def add(self, k):
        self.total += k
        return self


rows = [Row(n) for n in range(10)]
done, state, lock = [], {"n": 0}, threading.Lock()


def work(row):
    row.add(1)
    with lock:
        state["n"] += 1
    return row


def seen(row):
    row.total += 1
    done.append(row)


with ThreadPool(3) as pool:
    for row in pool.map(work, rows):
        row.total += 1
    for row in pool.imap_unordered(work, rows):
        row.total += 1
    results = [pool.apply_async(work, (row,), callback=seen) for row in rows]
    for r in results:
        r.get().add(1)
    pool.close()
    pool.join()
print([r.total for r in rows] == [7] * 10, state, len(done))
q = dummy.Queue()
p = dummy.Process(target=lambda: q.put(rows[0].add(5)))
p.start()
p.join()
q.get().add(1)
print(rows[0].total)
print("end")
