"""Two tellers pay into one account, and neither takes a lock. A deposit can be lost."""

# race: update Account.balance

import threading


class Account:
    def __init__(self, balance):
        self.balance = balance

    def deposit(self, amount):
        self.balance += amount  # racing


account = Account(100)
tellers = [threading.Thread(target=account.deposit, args=(n,)) for n in (10, 20)]
for teller in tellers:
    teller.start()
for teller in tellers:
    teller.join()
print(account.balance)
print("end")
