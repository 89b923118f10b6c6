"""asyncio's loops in a run: one that waits for other threads, or a time, waits in turns.

Such a loop watches nothing but the pipe by which other threads wake it. One that watches
sockets, subprocesses or signals waits for the system, and the run's clock goes as far as the
system's; so does one in a process with threads that take no turns.
"""

import functools
import selectors
import sys
import time
import weakref

from raddle import _raddle, threading

_KINDS = [f"{kind}Selector" for kind in ("Select", "_PollLike", "Epoll", "Kqueue")]
_woken = weakref.WeakKeyDictionary()  # by loop: an Event, set when its pipe was written to


def replaced():
    """Yield what replaces what: (class, name, new) for each place."""
    for name in _KINDS:
        kind = getattr(selectors, name, None)
        if kind is not None and "select" in vars(kind):
            yield kind, "select", _selected(kind.select)


def _selected(real):
    elapsed = time.monotonic_ns  # (The system's.)

    @functools.wraps(real)
    def select(self, timeout=None):
        waits = timeout is None or timeout > 0
        began = _raddle._time_of_turns() if waits else None
        if began is None:
            return real(self, timeout)
        woken = _alone(self, sys._getframe(1))
        if woken is None:
            since = elapsed()
            found = real(self, timeout)
            _raddle._move_time(began + elapsed() - since)
            return found
        woken.clear()
        found = real(self, 0)
        if not found:
            woken.wait(timeout)
            found = real(self, 0)
        return found

    return select


def _alone(selector, caller):
    """Return what wakes the loop that calls its selector; None if it watches something else."""
    if caller.f_globals.get("__name__") != "asyncio.base_events":
        return None
    loop = caller.f_locals.get("self")
    watched = list(selector.get_map())
    if watched != [_pipe(loop)] or getattr(loop, "_signal_handlers", None):
        return None
    if not _raddle._are_alone():
        return None  # A thread that takes no turns may be what wakes it.
    woken = _woken.get(loop)
    if woken is None:
        woken = _woken[loop] = threading.Event()
        loop._write_to_self = _written(type(loop)._write_to_self, weakref.ref(loop), woken)
    return woken


def _pipe(loop):
    socket = getattr(loop, "_ssock", None)
    return None if socket is None else socket.fileno()


def _written(real, loop, woken):
    @functools.wraps(real)
    def write_to_self():
        _raddle._point()
        real(loop())
        woken.set()

    return write_to_self
