"""All places that change a balance hold the lock, but for one."""

import threading


class Account:
    def __init__(self):
        self.balance = 0

    def deposit(self, amount):
        with accounts.lock:
            self.balance += amount

    def withdraw(self, amount):
        with accounts.lock:
            self.balance -= amount

    def refund(self, amount):
        # (Nobody has thought of the lock here.)
        self.balance += amount

    def add_interest(self):
        with accounts.lock:
            self.balance *= 1.01

    def charge(self):
        with accounts.lock:
            self.balance -= 5

    def close(self):
        with accounts.lock:
            self.balance = 0


class Accounts:
    def __init__(self):
        self.lock = threading.Lock()


accounts = Accounts()
account = Account()


def morning():
    account.deposit(100)
    account.withdraw(20)
    account.add_interest()
    account.charge()
    account.close()


def run(*threads):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


run(threading.Thread(target=morning))
run(
    threading.Thread(target=account.deposit, args=(10,), name="ann"),
    threading.Thread(target=account.refund, args=(10,), name="bob"),
)
