"""What the programs of the gallery share: whose modules they use, and how their threads run.

RADDLE_SUBJECT says whose, as it does for the tests: raddle's, or with `stdlib` those of the
interpreter, which have no `sync`.
"""

import functools
import os
import time

if os.environ.get("RADDLE_SUBJECT") == "stdlib":
    import queue
    import threading
    from concurrent import futures

    sync = None
else:
    from raddle import futures, queue, sync, threading

__all__ = ["Atomic", "Guarded", "bug", "futures", "pause", "queue", "sync", "threading"]

BUGS = []


def bug(made):
    """Have a generator function be a program of the gallery.

    It yields the functions that are run in threads of their own, to their ends, and then looks
    at what has come of it. `made` is that function, for those who start threads otherwise.
    """

    @functools.wraps(made)
    def run():
        for calls in made():
            together(*calls)

    run.made = made
    BUGS.append(run)
    return run


def together(*calls):
    """Run these in threads, to their ends."""
    threads = [threading.Thread(target=each, name=each.__name__) for each in calls]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def pause():
    """Let the others go on, as a thread does that looks again and again."""
    time.sleep(0.001)


class Guarded:
    """A value whose reads and writes are guarded one by one.

    Switches happen at operations. So this is what a value is that has no lock at all.
    """

    def __init__(self, value):
        self.lock, self._value = threading.Lock(), value

    def get(self):
        with self.lock:
            return self._value

    def set(self, value):
        with self.lock:
            self._value = value


class Atomic(Guarded):
    """A value that can be read and written in one step."""

    def swap(self, value):
        """Set it; return what it was."""
        with self.lock:
            before, self._value = self._value, value
            return before

    def add(self, amount):
        """Add to it; return what it is now."""
        with self.lock:
            self._value += amount
            return self._value

    def set_if(self, expected, value):
        """Set it if it is what is expected; return whether it was."""
        with self.lock:
            same = self._value == expected
            if same:
                self._value = value
            return same
