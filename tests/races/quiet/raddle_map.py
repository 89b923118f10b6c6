"""raddle.map and raddle.Pool: inputs prepared before, outputs changed after."""

import threading

import raddle


class Row:
    def __init__(self, n):
        self.n, self.values, self.total = n, list(range(n)), 0

    def add(self):
        for v in self.values:
            self.total += v
        return self


rows = [Row(n) for n in range(20)]
for row in rows:
    row.total += 1
for row in raddle.map(Row.add, rows):
    row.total += 1
print(sum(r.total for r in rows))
box = {"done": 0}
lock = threading.Lock()


def work(row):
    row.total = 0
    row.add()
    with lock:
        box["done"] += 1
    return row.total


print(sum(raddle.map(work, rows)), box["done"])
if hasattr(raddle, "Pool"):
    with raddle.Pool(2) as pool:
        try:
            results = list(pool.map(work, rows))
        except TypeError:
            results = []
        print(len(results), box["done"])
print("end")
