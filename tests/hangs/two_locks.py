"""Two locks, taken in two orders."""

import threading

accounts_lock = threading.Lock()
audit_lock = threading.Lock()
both_ready = threading.Barrier(2)


def pay():
    with accounts_lock:
        both_ready.wait()
        with audit_lock:
            print("paid")


def check():
    with audit_lock:
        both_ready.wait()
        with accounts_lock:
            print("checked")


payer = threading.Thread(target=pay, name="payer")
checker = threading.Thread(target=check, name="checker")
payer.start()
checker.start()
payer.join()
