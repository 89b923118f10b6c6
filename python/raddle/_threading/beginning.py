"""What a thread runs, looked up when its start() is called.

The standard library's start() waits until the new thread has looked up what it runs. Wrappers
rely on that: a replaced Thread.run is for threads that are started while it is replaced.
raddle's start() does not wait, so it looks these things up itself.
"""

import sys
from types import FunctionType, MethodType

# Whether a signal's handler may raise between a lock's `__enter__` and its block.
_HANDLERS_COME_BETWEEN = sys.version_info >= (3, 14)

loaded = None  # what a thread imports that ends with an exception
_BOOTSTRAP = _INNER = None  # the code of a thread's first steps, as raddle made them


class Beginning:
    """What start() has found: the first step within _bootstrap(), run(), and the hooks."""

    __slots__ = ("profile", "run", "step", "trace")

    def __init__(self, thread, trace, profile):
        self.step, self.run = thread._bootstrap_inner, thread.run
        self.trace, self.profile = trace, profile


def forget(thread):
    """Take a thread's beginning from it, if it has one."""
    try:  # noqa: SIM105  This takes no time where a thread is used for little.
        del thread._raddle_beginning
    except AttributeError:
        pass


def enlist(thread, limbo, lock, twice):
    """Note that a thread is about to start; RuntimeError(twice) if it was before.

    Where a handler has raised with the lock taken, it is given back: no thread could ever start
    again.
    """
    if not _HANDLERS_COME_BETWEEN:
        with lock:
            _enlist(thread, limbo, twice)
        return
    count = getattr(lock, "_recursion_count", None)  # (gevent's has none.)
    before = count and count()
    try:
        with lock:
            _enlist(thread, limbo, twice)
    except BaseException:
        while count and count() > before:
            lock.release()
        raise


def _enlist(thread, limbo, twice):
    if thread._started.is_set() or thread in limbo:
        raise RuntimeError(twice)
    limbo[thread] = thread


def know(bootstrap, inner):
    """Say what a thread's first steps are, unless somebody wraps them."""
    global _BOOTSTRAP, _INNER
    _BOOTSTRAP, _INNER = bootstrap.__code__, inner.__code__


def is_known(bootstrap, inner):
    """Return whether these methods of a thread are those steps, unwrapped."""
    return (
        type(bootstrap) is type(inner) is MethodType
        and type(first := bootstrap.__func__) is type(second := inner.__func__) is FunctionType
        and first.__code__ is _BOOTSTRAP
        and second.__code__ is _INNER
    )
