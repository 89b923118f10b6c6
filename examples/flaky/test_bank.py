"""A test that passes whenever you look: `pytest --raddle-explore` says how it fails."""

import threading


class Account:
    def __init__(self):
        self.lock, self.balance = threading.Lock(), 0

    def deposit(self, amount):
        with self.lock:
            balance = self.balance
        with self.lock:
            self.balance = balance + amount


def test_deposits():
    account = Account()
    threads = [threading.Thread(target=account.deposit, args=[5], name=name) for name in "ab"]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert account.balance == 10
