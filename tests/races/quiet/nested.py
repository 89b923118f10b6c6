"""One lock is taken inside another; a value is changed under both and read under either."""

import threading


class Warehouse:
    def __init__(self):
        self.outer = threading.Lock()
        self.inner = threading.Lock()
        self.stock = 0
        self.moves = 0

    def add(self, number):
        with self.outer:
            self.moves += 1
            with self.inner:
                self.stock += number

    def by_outer(self):
        with self.outer:
            return self.stock

    def by_inner(self):
        with self.inner:
            return self.stock


warehouse = Warehouse()
threads = [threading.Thread(target=warehouse.add, args=(n,)) for n in (1, 2)]
threads.append(threading.Thread(target=warehouse.by_outer))
threads.append(threading.Thread(target=warehouse.by_inner))
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(warehouse.stock, warehouse.moves)
print("end")
