"""Interrupting the Python code of a thread's task, and of nothing else that the thread does.

No lock: an exception that arrives just after a lock was taken would leave it locked for ever.
Instead, the thread that interrupts first counts itself and then looks at the task. The worker
first leaves its task, and then waits while it is being interrupted. One of the two sees the
other.

If the exception has not arrived when the task is over, it is not taken back, but awaited. Up to
3.12 the interpreter flags all threads while an exception is pending, and would not clear the
flags. All would run slower for ever, and on 3.11 a thread with a trace function would not run
at all.
"""

import contextlib
import sys
import time
from types import MappingProxyType


class Stopped(BaseException):
    """Raised in a worker's task when its map has been interrupted."""

    raddle_stopped = True  # for remote_work.run(), which may import nothing


class Target:
    """A thread that does tasks: it calls call() and run(), other threads interrupt().

    `guard` is a new RLock, or a `_Guard`, which the first interpreter alone can load.
    """

    __slots__ = ("_interrupted", "_interrupters", "_interrupting", "ident", "owner")

    def __init__(self, ident, guard):
        self.ident = ident
        self.owner = None  # whose the present task is
        # For one thread at a time; the worker itself never takes it. A signal handler may
        # interrupt() within interrupt(), so it is re-entrant, and the calls are counted.
        self._interrupting = guard
        self._interrupters, self._interrupted = 0, False

    def run(self, owner, work):
        """As call(owner, work), but returns when Stopped has ended it."""
        with contextlib.suppress(Stopped):
            self.call(owner, work)

    def call(self, owner, fn, args=(), kwargs=MappingProxyType({})):
        """Return fn(*args, **kwargs), in which Stopped may be raised; no more after this."""
        try:
            self.owner = owner
            return fn(*args, **kwargs)
        finally:
            # From here on only a thread that has looked before interrupts this one. Its
            # exception comes where a function begins, at the latest, and so inside the `try`.
            self.owner = None
            owner = fn = args = kwargs = None  # An exception's traceback holds this frame.
            while True:
                try:
                    self._leave()
                    break
                except Stopped:
                    pass

    def _leave(self):
        while self._interrupters:
            time.sleep(0)
        if self._interrupted:
            self._interrupted = False
            # In place of the one that was raised, if that has not come yet.
            while _raise(self.ident, Stopped):
                _wait()

    def interrupt(self, owner=None):
        """Raise Stopped in the present task if it is `owner`'s, or anybody's for None."""
        _way()  # load it: the thread waits for us
        with self._interrupting:
            self._interrupters += 1
            try:
                present = self.owner
                if present is not None and (owner is None or present is owner):
                    self._interrupted = True
                    _raise(self.ident, Stopped)
            finally:
                self._interrupters -= 1


def _way():
    """Return what raises a class in the thread of an identifier, or None; loaded once.

    It returns whether there is such a thread. An interpreter without ctypes has no way to
    interrupt: the task ends by itself.
    """
    if sys.version_info < (3, 12):
        from raddle._raddle import _raise_in_thread

        return _raise_in_thread
    try:
        import ctypes

        # (Of its own: anybody may set the argument types of the one in `pythonapi`.)
        made = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_ulong, ctypes.py_object)
        call = made(("PyThreadState_SetAsyncExc", ctypes.pythonapi))
    except (ImportError, AttributeError):
        return None
    return lambda ident, kind: call(ident, kind) > 0


def _raise(ident, kind):
    """Have `kind` raised in a thread; return whether there is such a thread, and a way to.

    (0 would be one that is just starting, and anybody's.)
    """
    way = _way()
    return way is not None and way(ident, kind)


def _wait():
    """Give an exception that is pending in this thread time to arrive."""
    # (A destructor that the collector runs just now may get it, and it is lost there.)
    for _ in range(1000):
        time.sleep(0)
