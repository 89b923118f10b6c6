"""The balance is looked at under the lock, and lowered under it when it is taken again."""

# race: check Account.balance
# also: update Account.balance

import threading


class Account:
    def __init__(self, balance):
        self.lock = threading.Lock()
        self.balance = balance

    def withdraw(self, amount):
        with self.lock:
            covered = self.balance >= amount  # racing
        if covered:
            with self.lock:
                self.balance -= amount  # racing


account = Account(100)
threads = [threading.Thread(target=account.withdraw, args=(n,)) for n in (30, 50)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(account.balance)
print("end")
