"""The lock is acquired in begin() and released in commit() or in roll_back()."""

import threading


class Store:
    def __init__(self):
        self.lock = threading.Lock()
        self.values = {}
        self.backup = None
        self.commits = 0

    def begin(self):
        self.lock.acquire()
        self.backup = dict(self.values)

    def set(self, key, value):
        self.values[key] = value

    def commit(self):
        self.commits += 1
        self.backup = None
        self.lock.release()

    def roll_back(self):
        self.values = self.backup
        self.backup = None
        self.lock.release()


def work(store, number):
    store.begin()
    try:
        store.set("last", number)
        store.set(number, 1 // number)
    except ZeroDivisionError:
        store.roll_back()
    else:
        store.commit()


store = Store()
threads = [threading.Thread(target=work, args=(store, n)) for n in (0, 1, 2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(store.commits, sorted(key for key in store.values if key != "last"))
print("end")
