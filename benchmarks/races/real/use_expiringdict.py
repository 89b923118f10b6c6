"""A dict with a size and an age, filled by two threads and listed by one."""

import drive
from expiringdict import ExpiringDict

PACKAGE = "expiringdict"

cache = ExpiringDict(max_len=100, max_age_seconds=60)


def fill(first):
    for number in range(first, first + 150):
        cache[number] = number
        cache.get(number - 1)
        cache.pop(number - 20)


def look():
    for _ in range(30):
        try:
            cache.items()
            cache.values()
        except RuntimeError:
            pass


drive.together(lambda: fill(0), lambda: fill(1000), look)
