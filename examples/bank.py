"""Two threads that take two locks in opposite order, one after the other: nothing hangs today.

raddle run --check examples/bank.py
"""

import threading

accounts = threading.Lock()
audit = threading.Lock()


def pay():
    with accounts, audit:
        pass


def check():
    with audit, accounts:
        pass


for target, name in ((pay, "payer"), (check, "checker")):
    thread = threading.Thread(target=target, name=name)
    thread.start()
    thread.join()
