"""A seat is looked at and then sold, while another clerk cancels what was sold.

raddle run --race examples/races/seats.py
"""

import threading

seats = {"1A": None}


def sell(name):
    if seats["1A"] is None:
        seats["1A"] = name


def cancel():
    seats["1A"] = None


clerks = [
    threading.Thread(target=sell, args=("ann",), name="seller"),
    threading.Thread(target=cancel, name="canceller"),
]
for clerk in clerks:
    clerk.start()
for clerk in clerks:
    clerk.join()
