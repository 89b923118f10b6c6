"""raddle.sync: what is read and written by its locks, made once, counted down and counted."""

import threading

from raddle import sync

prices, total = {"loom": 120}, 0
lock, ready, hits = sync.RWLock(), sync.Latch(2), sync.AtomicInt()
last = sync.AtomicRef(None)
made = []


@sync.once
def settings():
    made.append("settings")
    return {"currency": "EUR"}


class Loom:
    @sync.cached_property
    def width(self):
        self.measured = 150
        return self.measured


loom = Loom()


def buy(number):
    global total
    for at in range(10):
        with lock.read:
            price = prices["loom"]
        hits.add()
        settings()["currency"]
        assert loom.width == loom.measured
        with lock.write:
            prices["loom"] = price + 1
            total += 1
        last.set((number, at))
    ready.count_down()


threads = [threading.Thread(target=buy, args=(n,)) for n in range(2)]
for thread in threads:
    thread.start()
ready.wait()
print(total, hits.get(), len(made))
for thread in threads:
    thread.join()
print("end")
