"""Functions that the tests of raddle.map give to workers; a module that workers can import."""

import os
import threading
import time


def double(number):
    return 2 * number


def square(number):
    return number * number


def add(left, right):
    return left + right


def fail(number):
    """Raise ValueError for the numbers 5, 15, 25, ..."""
    if number % 10 == 5:
        raise ValueError(f"no {number}")
    return number


def where(_):
    return os.getpid(), threading.get_ident()


def wait_for(path, deadline=60):
    """Return the path once it exists."""
    limit = time.monotonic() + deadline
    while not os.path.exists(path):
        assert time.monotonic() < limit, f"{path} did not appear"
        time.sleep(0.002)
    return path


def say_and_wait_for(path):
    """Make another file first, that says so."""
    open(f"{path} is awaited", "w").close()
    return wait_for(path)


def die_at(number, target):
    """End this process without a word if `number` is `target`."""
    if number == target:
        os.kill(os.getpid(), 9)
    return number


_first = {}  # by mark: whether this process was there before it


def die_at_7_first(number, mark):
    """End this process at number 7; no process that was there then does a number after it."""
    was_there = _first.setdefault(mark, not os.path.exists(mark))
    if number == 7:
        open(mark, "w").close()
        os.kill(os.getpid(), 9)
    if number > 7 and was_there:
        time.sleep(3600)  # It is ended, since the other one has died.
    return number


def die_once(number, folder):
    """End this process at number 20, the first time only."""
    mark = os.path.join(folder, "died")
    if number == 20 and not os.path.exists(mark):
        open(mark, "w").close()
        os.kill(os.getpid(), 9)
    return number * number


def unpicklable(_):
    return threading.Lock()


class Odd(Exception):
    """Can be pickled, and not made again: its __init__ wants two arguments."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def odd(_):
    raise Odd("one", "two")


def stop(_):
    raise StopIteration("from a task")


def broken():
    raise OSError("cannot begin")


STATE = []


def begin(value):
    STATE.append(value)


def begun(_):
    return list(STATE)


def spin(_):
    while True:
        pass


def nap(_):
    time.sleep(600)


def touch_and_nap(path):
    """Say that it has begun, and take a minute."""
    open(path, "w").close()
    for _ in range(6000):
        time.sleep(0.01)


def touch_and_sleep(path):
    """Say that it has begun, and take ten minutes in C code."""
    open(path, "w").close()
    time.sleep(600)


def brief(number):
    time.sleep(0.005)
    return number
