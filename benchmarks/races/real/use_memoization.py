"""A memoized function with a bounded cache, called, listed and cleared by threads."""

import drive
from memoization import cached

PACKAGE = "memoization"


@cached(max_size=30, ttl=60)
def square(number):
    return number * number


def call():
    for number in range(300):
        assert square(number % 50) == (number % 50) ** 2


def watch():
    for _ in range(50):
        square.cache_info()
        square.cache_is_full()
        square.cache_is_empty()
        list(square.cache_items())
    square.cache_clear()


drive.together(call, call, watch)
