"""A bank whose accounts are changed under one lock."""

import threading


class Bank:
    def __init__(self):
        self.lock = threading.Lock()
        self.balances = {"ann": 100, "bob": 100}
        self.transfers = 0

    def transfer(self, source, target, amount):
        with self.lock:
            if self.balances[source] >= amount:
                self.balances[source] -= amount
                self.balances[target] += amount
                self.transfers += 1


bank = Bank()
threads = [
    threading.Thread(target=bank.transfer, args=("ann", "bob", 30)),
    threading.Thread(target=bank.transfer, args=("bob", "ann", 10)),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(bank.balances, bank.transfers)
print("end")
