"""The count is read under the lock and written under it, but the lock is let go between."""

# race: update Tickets.sold

import threading


class Tickets:
    def __init__(self):
        self.lock = threading.Lock()
        self.sold = 0

    def sell(self, number):
        with self.lock:
            sold = self.sold  # racing
        sold += number
        with self.lock:
            self.sold = sold  # racing


tickets = Tickets()
sellers = [threading.Thread(target=tickets.sell, args=(n,)) for n in (2, 3)]
for seller in sellers:
    seller.start()
for seller in sellers:
    seller.join()
print(tickets.sold)
print("end")
