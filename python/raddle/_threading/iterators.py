"""Sharing iterators between threads: the newest names of `threading`, on every version.

The interpreter's own are used where it has them (from 3.15).
"""

import sys

from raddle import _raddle


class serialize_iterator:
    """Let many threads take items from one iterator, each item going to one of them.

    `iterable` is anything that iter() takes; if it is a generator, send(), throw() and
    close() are serialized too. The lock is not re-entrant: an iterator that asks itself for
    an item waits for ever. Counterpart: threading.serialize_iterator (3.15).
    """

    __slots__ = ("_iterator", "_lock")

    def __init__(self, iterable):
        self._lock = _raddle.allocate_lock()
        self._iterator = iter(iterable)

    def __iter__(self):
        return self

    def __next__(self):
        with self._lock:
            return next(self._iterator)

    def send(self, value, /):
        """Send `value` into the generator; AttributeError if it is not one."""
        with self._lock:
            return self._iterator.send(value)

    def throw(self, *args):
        """Throw an exception into the generator; AttributeError if it is not one."""
        with self._lock:
            return self._iterator.throw(*args)

    def close(self):
        """Close the generator; AttributeError if it is not one."""
        with self._lock:
            return self._iterator.close()


def synchronized_iterator(func):
    """Make `func`, which returns iterators, return ones that threads can share.

    A decorator for generator functions, or a wrapper for callables such as itertools.count.
    Counterpart: threading.synchronized_iterator (3.15).
    """
    import functools

    @functools.wraps(func)
    def shared(*args, **kwargs):
        return serialize_iterator(func(*args, **kwargs))

    return shared


class _Branch:
    """One of the iterators of a concurrent_tee.

    Items form a linked list of two-element cells, [item, next cell]; the last cell is empty,
    [None, None], until some branch fills it, under the lock that all branches share. A cell's
    second element is written last, so a branch that sees it can read the first without the
    lock.
    """

    __slots__ = ("_cell", "_lock", "_source")

    def __init__(self, source, cell, lock):
        self._source = source
        self._cell = cell
        self._lock = lock

    def __iter__(self):
        return self

    def __next__(self):
        cell = self._cell
        if cell[1] is None:
            with self._lock:
                if cell[1] is None:
                    cell[0] = next(self._source)
                    cell[1] = [None, None]
        item, self._cell = cell
        return item

    def branch(self):
        return _Branch(self._source, self._cell, self._lock)


def concurrent_tee(iterable, n=2):
    """Return `n` independent iterators over one `iterable`, each for a thread of its own.

    Raises ValueError if n is negative. Counterpart: threading.concurrent_tee (3.15).
    """
    if n < 0:
        raise ValueError("n must be a non-negative integer")
    if n == 0:
        return ()
    if isinstance(iterable, _Branch):
        first = iterable.branch()
    else:
        first = _Branch(iter(iterable), [None, None], _raddle.allocate_lock())
    return (first, *(first.branch() for _ in range(n - 1)))


if sys.version_info >= (3, 15):
    from threading import (  # noqa: F401
        concurrent_tee,
        serialize_iterator,
        synchronized_iterator,
    )
