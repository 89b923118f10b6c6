"""A decorator with a lock, and a function that calls itself."""

import functools
import threading


def synchronized(function):
    guard = threading.Lock()

    @functools.wraps(function)
    def guarded(*args):
        with guard:
            return function(*args)

    return guarded


@synchronized
def walk(folder):
    for each in folder:
        walk(each)


walk([[], []])
