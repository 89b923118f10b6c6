"""What a thread runs, looked up when its start() is called.

The standard library's start() waits until the new thread has looked up what it runs. Wrappers
rely on that: a replaced Thread.run is for threads that are started while it is replaced.
raddle's start() does not wait, so it looks these things up itself.
"""

from types import FunctionType, MethodType

loaded = None  # what a thread imports that ends with an exception
_BOOTSTRAP = _INNER = None  # the code of a thread's first steps, as raddle made them


class Beginning:
    """What start() has found: the first step within _bootstrap(), run(), and the hooks."""

    __slots__ = ("profile", "run", "step", "trace")

    def __init__(self, thread, trace, profile):
        self.step, self.run = thread._bootstrap_inner, thread.run
        self.trace, self.profile = trace, profile


def depth(lock):
    """Return how often the calling thread holds an RLock; None if that does not say."""
    count = getattr(lock, "_recursion_count", None)
    return None if count is None else count()


def give_back(lock, before):
    """Release an RLock until the calling thread holds it as often as before.

    (From 3.14 on a signal's handler may raise between a lock's `__enter__` and its block.)
    """
    while before is not None and lock._recursion_count() > before:
        lock.release()


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
