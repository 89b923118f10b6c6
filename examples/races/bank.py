"""Two of three methods hold the lock.

raddle run --race examples/races/bank.py
"""

import threading


class Account:
    def __init__(self):
        self.lock = threading.Lock()
        self.balance = 100

    def deposit(self, amount):
        with self.lock:
            self.balance += amount

    def withdraw(self, amount):
        with self.lock:
            self.balance -= amount

    def refund(self, amount):
        self.balance += amount


account = Account()
account_holder = threading.Thread(target=account.withdraw, args=(20,))
account_holder.start()
account_holder.join()

tellers = [
    threading.Thread(target=account.deposit, args=(10,), name="ann"),
    threading.Thread(target=account.refund, args=(5,), name="bob"),
]
for teller in tellers:
    teller.start()
for teller in tellers:
    teller.join()
