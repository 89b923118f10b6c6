"""A cache with a size and a time to live, and a memoized function."""

import cacheout
import drive

PACKAGE = "cacheout"

cache = cacheout.LRUCache(maxsize=50, ttl=60, enable_stats=True)


@cache.memoize()
def square(number):
    return number * number


def work():
    for number in range(200):
        cache.set(number % 80, number)
        cache.get((number * 7) % 80)
        square(number % 20)


def watch():
    for _ in range(50):
        cache.full()
        len(cache)
        cache.delete(3)
        cache.delete_expired()


# (Not `stats.info()` at the same time: it takes the two locks in the other order, and hangs.)
drive.together(work, work, watch)
cache.stats.info()
