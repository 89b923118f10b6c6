"""The lock is handed to helper functions, under several names, and each takes the same one."""

import threading


class Totals:
    def __init__(self):
        self.value = 0


def add(guard, totals, amount):
    guard.acquire()
    try:
        change(totals, amount)
    finally:
        guard.release()


def change(totals, amount):
    totals.value += amount


class Adder:
    def __init__(self, mutex, totals):
        self.mutex = mutex
        self.totals = totals

    def add(self, amount):
        with self.mutex:
            self.totals.value += amount


lock, totals = threading.Lock(), Totals()
threads = [
    threading.Thread(target=add, args=(lock, totals, 1)),
    threading.Thread(target=Adder(lock, totals).add, args=(2,)),
    threading.Thread(target=add, args=(lock, totals, 3)),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(totals.value)
print("end")
