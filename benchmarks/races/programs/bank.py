"""Transfers between accounts, each with its own lock; both are taken, in order."""

import random
import threading

import measured


class NotEnough(Exception):
    pass


class Account:
    def __init__(self, number, balance):
        self.number = number
        self.lock = threading.Lock()
        self._balance = balance
        self.history = []

    @property
    def balance(self):
        return self._balance

    def deposit(self, amount):
        self._balance += amount
        self.history.append(amount)

    def withdraw(self, amount):
        if amount > self._balance:
            raise NotEnough(self.number)
        self._balance -= amount
        self.history.append(-amount)


class Bank:
    def __init__(self, count):
        self.accounts = [Account(number, 100) for number in range(count)]
        self.refused = 0
        self.lock = threading.Lock()

    def transfer(self, source, target, amount):
        first, second = sorted((source, target), key=lambda account: account.number)
        with first.lock, second.lock:
            try:
                source.withdraw(amount)
            except NotEnough:
                with self.lock:
                    self.refused += 1
                return False
            target.deposit(amount)
            return True


def trade(bank, seed, rounds):
    chance = random.Random(seed)
    for _ in range(rounds):
        source, target = chance.sample(bank.accounts, 2)
        bank.transfer(source, target, chance.randrange(1, 50))


def main(scale):
    bank = Bank(20)
    threads = [threading.Thread(target=trade, args=(bank, seed, scale)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(account.balance for account in bank.accounts) == 20 * 100
    moves = sum(len(account.history) for account in bank.accounts)
    assert moves == 2 * (4 * scale - bank.refused)
    for account in bank.accounts:
        assert account.balance == 100 + sum(account.history) >= 0


if __name__ == "__main__":
    measured.run(main, 41_000)
