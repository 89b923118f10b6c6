"""Two of three methods take the lock, and refund() has forgotten it. A refund can be lost."""

# race: update Till.cash

import threading


class Till:
    def __init__(self, cash):
        self.lock = threading.Lock()
        self.cash = cash

    def take(self, amount):
        with self.lock:
            self.cash += amount  # racing

    def empty(self):
        with self.lock:
            cash, self.cash = self.cash, 0
        return cash

    def refund(self, amount):
        self.cash -= amount  # racing


till = Till(50)
customers = [
    threading.Thread(target=till.take, args=(20,)),
    threading.Thread(target=till.refund, args=(5,)),
]
for customer in customers:
    customer.start()
for customer in customers:
    customer.join()
print(till.empty())
print("end")
