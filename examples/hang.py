"""Two threads that take two locks in opposite order, at the same time: neither goes on.

raddle run examples/hang.py
"""

import threading

accounts = threading.Lock()
audit = threading.Lock()
both_hold_one = threading.Barrier(2)


def pay():
    with accounts:
        both_hold_one.wait()
        with audit:
            print("paid")


def check():
    with audit:
        both_hold_one.wait()
        with accounts:
            print("checked")


for target, name in ((pay, "payer"), (check, "checker")):
    threading.Thread(target=target, name=name).start()
