"""A cache that computes what is missing once, however many ask."""

import drive
from singleflight_cache import SingleFlightCache

PACKAGE = "singleflight_cache"

cache = SingleFlightCache(max_size=20, ttl=60)


def work():
    for number in range(200):
        assert cache.get(f"key {number % 30}", lambda n=number % 30: n + 1) == number % 30 + 1
        if number % 25 == 0:
            cache.remove(f"key {number % 30}")
        len(cache)


drive.together(work, work, work)
