"""Each account has its own lock, and a transfer takes both, in the order of their numbers."""

import threading


class Account:
    def __init__(self, number, balance):
        self.number = number
        self.lock = threading.Lock()
        self.balance = balance


def deposit(account, amount):
    with account.lock:
        account.balance += amount


def transfer(source, target, amount):
    first, second = sorted((source, target), key=lambda account: account.number)
    with first.lock, second.lock:
        source.balance -= amount
        target.balance += amount


ann, bob = Account(1, 100), Account(2, 100)
threads = [
    threading.Thread(target=transfer, args=(ann, bob, 10)),
    threading.Thread(target=transfer, args=(bob, ann, 30)),
    threading.Thread(target=deposit, args=(ann, 5)),
    threading.Thread(target=deposit, args=(bob, 6)),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(ann.balance, bob.balance)
print("end")
