"""Waiting for a condition with another lock held, which the notifier needs."""

import threading

registry = threading.RLock()
filled = threading.Condition()


def take():
    with registry, filled:
        filled.wait()


def fill():
    with registry, filled:
        filled.notify()


taker = threading.Thread(target=take, name="taker")
taker.start()
while not filled._waiters:
    pass
filler = threading.Thread(target=fill, name="filler")
filler.start()
filler.join()
