"""The base class adds without a lock, and the subclass, which has one, relies on it."""

# race: update Savings.balance

import threading


class Account:
    def __init__(self, balance):
        self.balance = balance

    def deposit(self, amount):
        self.balance += amount  # racing


class Savings(Account):
    def __init__(self, balance, rate):
        super().__init__(balance)
        self.lock = threading.Lock()
        self.rate = rate

    def pay_interest(self):
        with self.lock:
            self.balance += self.balance * self.rate // 100  # racing


savings = Savings(1000, 3)
threads = [
    threading.Thread(target=savings.deposit, args=(500,)),
    threading.Thread(target=savings.pay_interest),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(savings.balance >= 1030)
print("end")
