"""Accounts are locked by name in a set: who is in it has the account to itself."""

import threading


class Account:
    def __init__(self, name):
        self.name, self.balance, self.history = name, 100, []


class Bank:
    def __init__(self, names):
        self.accounts = {name: Account(name) for name in names}
        self._busy = set()
        self._cond = threading.Condition()

    def _lock(self, *names):
        with self._cond:
            self._cond.wait_for(lambda: self._busy.isdisjoint(names))
            self._busy.update(names)

    def _unlock(self, *names):
        with self._cond:
            self._busy.difference_update(names)
            self._cond.notify_all()

    def transfer(self, source, target, amount):
        self._lock(source, target)
        try:
            one, other = self.accounts[source], self.accounts[target]
            if one.balance >= amount:
                one.balance -= amount
                other.balance += amount
                one.history.append(-amount)
                other.history.append(amount)
                return True
            return False
        finally:
            self._unlock(source, target)

    def show(self, name):
        self._lock(name)
        try:
            account = self.accounts[name]
            assert account.balance == 100 + sum(account.history)
            return account.balance
        finally:
            self._unlock(name)


bank = Bank("abcd")


def work(n):
    names = "abcd"
    for at in range(15):
        bank.transfer(
            names[(n + at) % 4],
            names[(n + 2 * at + 1) % 4] if (at + 1) % 4 else names[(n + at + 1) % 4],
            5,
        )
        bank.show(names[at % 4])


threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(sum(a.balance for a in bank.accounts.values()))
print("end")
