"""Two accounts that pay each other: each transfer takes the giver's lock first."""

import threading


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = threading.Lock()

    def give(self, other, amount):
        with self.lock:
            both_ready.wait()
            with other.lock:
                self.balance -= amount
                other.balance += amount


both_ready = threading.Barrier(2)
anna, bert = Account(100), Account(100)
there = threading.Thread(target=anna.give, args=(bert, 10), name="there")
back = threading.Thread(target=bert.give, args=(anna, 10), name="back")
there.start()
back.start()
there.join()
back.join()
