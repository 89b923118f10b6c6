"""A store that keeps old values: two writers and two readers."""

import chronomap
import drive

PACKAGE = "chronomap"

store = chronomap.ChronoMap(enable_ttl_cleanup=False)


def write():
    for number in range(30):
        store.put(f"key {number % 5}", number)


def read():
    for number in range(30):
        store.get(f"key {number % 5}")
        len(store)


# (Writers alone, then readers alone: both at once may never end, see harm/chronomap.py.)
drive.together(write, write)
drive.together(read, read)
