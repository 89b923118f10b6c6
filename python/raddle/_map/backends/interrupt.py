"""Interrupting the Python code of a thread's task, and of nothing else that the thread does.

No lock: an exception that arrives just after a lock was taken would leave it locked for ever.
Instead, the one that strikes says so first and looks at the task second; the thread leaves its
task first, and then waits while it is being struck. One of the two sees the other.

An exception that has not come when its task is over is not taken back, but awaited: up to 3.12
the interpreter tells all threads of one that is under way, and would not tell them that it is
gone. All would run slower for ever, and on 3.11 one with a trace function not at all.
"""

import contextlib
import threading
import time
from types import MappingProxyType


class Stopped(BaseException):
    """Raised in a worker's task when its map has been interrupted."""

    raddle_stopped = True  # for remote_work.run(), which may import nothing


class Target:
    """A thread that does tasks. call() and run() are its own, strike() is for one other."""

    __slots__ = ("_strikers", "_striking", "_struck", "ident", "owner")

    def __init__(self, ident):
        self.ident = ident
        self.owner = None  # whose the present task is
        # For one striker at a time; the thread itself never takes it. A signal's handler may
        # strike within a strike: so it can be taken again, and they are counted.
        self._strikers = threading.RLock()
        self._striking, self._struck = 0, False

    def run(self, owner, work):
        """As call(owner, work); what Stopped leaves undone is nothing that anybody wants."""
        with contextlib.suppress(Stopped):
            self.call(owner, work)

    def call(self, owner, fn, args=(), kwargs=MappingProxyType({})):
        """Return fn(*args, **kwargs), in which Stopped may be raised; no more after this."""
        try:
            self.owner = owner
            return fn(*args, **kwargs)
        finally:
            # From here on nobody strikes but one that has looked before. What that raises comes
            # where a function begins, at the latest, and so inside the `try`.
            self.owner = None
            owner = fn = args = kwargs = None  # An exception's traceback holds this frame.
            while True:
                try:
                    self._leave()
                    break
                except Stopped:
                    pass

    def _leave(self):
        while self._striking:
            time.sleep(0)
        if self._struck:
            self._struck = False
            # In place of the one that was raised, if that has not come yet.
            while _raise(self.ident, Stopped):
                _wait()

    def strike(self, owner=None):
        """Raise Stopped in the present task if it is `owner`'s, or anybody's for None."""
        _way()  # load it: the thread waits for us
        with self._strikers:
            self._striking += 1
            try:
                present = self.owner
                if present is not None and (owner is None or present is owner):
                    self._struck = True
                    _raise(self.ident, Stopped)
            finally:
                self._striking -= 1


def _way():
    """Return what raises an exception in a thread, or None; the first call loads it.

    An interpreter without ctypes has no way to interrupt: the task ends by itself.
    """
    try:
        import ctypes

        return ctypes.pythonapi.PyThreadState_SetAsyncExc, ctypes.c_ulong, ctypes.py_object
    except (ImportError, AttributeError):
        return None


def _raise(ident, kind):
    """Have `kind` raised in a thread; return whether there is such a thread, and a way to.

    (0 would be one that is just starting, and anybody's.)
    """
    way = _way()
    if way is None:
        return False
    call, number, value = way
    return call(number(ident), value(kind)) > 0


def _wait():
    """Give what was raised in this thread the time to come."""
    # (A destructor that the collector runs just now may get it, and it is lost there.)
    for _ in range(1000):
        time.sleep(0)
