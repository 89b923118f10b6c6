"""An LRU cache with statistics, read and written by workers."""

import drive
from cachelocal import LRUCache

PACKAGE = "cachelocal"

cache = LRUCache(capacity=50, track_stats=True)


def work():
    for number in range(300):
        if cache.get(number % 80) is None:
            cache.set(number % 80, number, ttl_seconds=60)


def watch():
    for _ in range(100):
        cache.get_stats()
        len(cache)


drive.together(work, work, watch)
