"""What the programs that show harm have in common."""

import sys
import threading
import time

PATIENCE = 60
"""Seconds until a harm counts as not to be had here."""


def rounds():
    """Yield the rounds' numbers until PATIENCE is over; exit with 1 then."""
    sys.setswitchinterval(1e-6)
    end, number = time.monotonic() + PATIENCE, 0
    while time.monotonic() < end:
        number += 1
        yield number
    print(f"no harm in {number} rounds")
    sys.exit(1)


def shown(number, text):
    """Say the harm, and exit with 0."""
    print(f"{text} (round {number})")
    sys.exit(0)


def together(*functions):
    """Call each function in a thread of its own; return the exceptions that they raised."""
    start, raised = threading.Barrier(len(functions)), []

    def call(function):
        start.wait()
        try:
            function()
        except Exception as error:
            raised.append(error)

    threads = [threading.Thread(target=call, args=(each,), daemon=True) for each in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return raised
