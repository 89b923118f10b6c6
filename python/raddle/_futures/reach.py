"""Reaching threads that compute: they never wait, so nothing can wake them.

A thread of raddle's looks after those that are in scopes. Once a scope has ended, and its grace
period is over, a thread that is still in it is stopped where that does no harm: at the end of a
loop's turn, or where a function begins, in no frame that cleans up (`stops.py`).

From 3.12 on `sys.monitoring` calls us there, in the thread itself, and what we return is
raised: it sees where it is, and nothing can come in between. Up to 3.11 the interpreter's
asynchronous exception is used. A thread that waits for the GIL raises it at the very
instruction at which it waits: looking there, and asking for it, are one step under the GIL.
From 3.13 on it would be raised later, at a place that nobody has looked at.

What cannot be stopped is in C code, and is named.
"""

import sys
import time

from raddle import _raddle, threading
from raddle._diagnose.program import stack
from raddle._diagnose.report import report
from raddle._futures import cut, stops

LOOK = 0.05  # seconds between two looks, while somebody is in a scope
QUICK = 0.004  # the same, while somebody is to be stopped
IDLE = 1.0  # seconds without anybody in a scope after which the thread ends
SILENT = 1.0  # seconds after which a thread that does not stop is named

_due = set()  # idents of the threads that are to be stopped
_named = {}  # (ident, key) of the threads that could not be: where they are


class _Bell:
    """Rings to have the thread look at once."""

    def __init__(self):
        self._rings = threading.Event()

    def ring(self):
        self._rings.set()

    def wait(self, seconds):
        self._rings.wait(seconds)
        self._rings.clear()


_bell = _Bell()


def watch(what):
    """Called when somebody enters a scope that ends and nobody looks, or has cancelled one."""
    if what == "begin":
        _raddle.start_new_thread(_begin, ())
    _bell.ring()


def _begin():
    me = _raddle._ident()
    stack.ours.add(me)
    try:
        _watch()
    finally:
        stack.ours.discard(me)


def unreachable(ident):
    """Return where a thread is that was found not to stop, or None."""
    return next((where for (each, _), where in list(_named.items()) if each == ident), None)


def _watch():
    means = _Monitored() if sys.version_info >= (3, 12) else _Asynchronous()
    ended, empty_since = {}, None
    while True:
        now, seen, due, pause = time.monotonic(), {}, {}, LOOK
        inside = _raddle._inside()
        for ident, key, late, left, grace in inside:
            if grace is None:
                continue
            if late is None:
                if left is not None:
                    pause = min(pause, max(left, 0.0) + grace)
                continue
            began = now + left if late else ended.get((ident, key), now)
            seen[ident, key] = began
            if now >= began + grace:
                due[ident, key] = now - began - grace
                pause = min(pause, QUICK)
            else:
                pause = min(pause, began + grace - now)
        ended = seen
        _due.clear()
        _due.update(ident for ident, _ in due)
        means.reach(_due)
        _name([each for each, since in due.items() if since >= SILENT])
        for gone in _named.keys() - due.keys():
            _named.pop(gone, None)
        if inside:
            empty_since = None
        elif empty_since is None:
            empty_since = now
        elif now >= empty_since + IDLE and _raddle._unwatch():
            means.end()
            return
        _bell.wait(pause)


def reached(late, code, offset):
    """Return what the calling thread raises where it is, or what `sys.monitoring` is told."""
    if not stops.turns(code, offset):
        return sys.monitoring.DISABLE
    if _raddle._ident() not in _due:
        return None
    frame = sys._getframe(1)
    if frame.f_code is not code or not stops.may_stop(frame, offset):
        return None
    return cut.Cancelled("was computing", cut.where(frame), late)


def _name(idents):
    """Tell, once each, of threads that do not stop, and where they are."""
    frames = sys._current_frames()
    for ident, key in idents:
        frame = frames.get(ident)
        if frame is None or (ident, key) in _named:
            continue
        where = _named[ident, key] = f"in {cut.where(frame)}"
        text = f"raddle: cannot be cancelled: {stack.name_of(ident)}: {where}\n"
        report.show(lambda _, text=text: text)


class _Monitored:
    """By `sys.monitoring`.

    (By its INSTRUCTION events: where a callback for JUMP raises, 3.12 and 3.13 run no handler,
    no `finally` and no `__exit__`.)
    """

    NAME = "raddle"
    SLOTS = (4, 3)

    def __init__(self):
        self._tool = None
        self._codes = set()

    def reach(self, idents):
        """Have `reached` called in these threads where they are, and in no others."""
        codes, frames = set(), sys._current_frames() if idents else {}
        for ident in idents:
            frame = frames.get(ident)
            while frame is not None:
                if not stack.is_inner(frame.f_code):
                    codes.add(frame.f_code)
                frame = frame.f_back
        del frames
        if codes and self._tool is None and not self._take():
            return
        for code in codes - self._codes:
            sys.monitoring.set_local_events(self._tool, code, sys.monitoring.events.INSTRUCTION)
        self._codes |= codes
        if not idents:
            self.end()

    def _take(self):
        monitoring = sys.monitoring
        free = [slot for slot in self.SLOTS if monitoring.get_tool(slot) is None]
        if not free:
            return False
        self._tool = free[0]
        monitoring.use_tool_id(self._tool, self.NAME)
        instruction = monitoring.events.INSTRUCTION
        monitoring.register_callback(self._tool, instruction, _raddle._reached)
        return True

    def end(self):
        """Give the slot back."""
        if self._tool is None:
            return
        monitoring = sys.monitoring
        for code in self._codes:
            monitoring.set_local_events(self._tool, code, 0)
        monitoring.register_callback(self._tool, monitoring.events.INSTRUCTION, None)
        monitoring.free_tool_id(self._tool)
        self._tool, self._codes = None, set()


class _Asynchronous:
    """By the interpreter's asynchronous exception, up to 3.11."""

    def reach(self, idents):
        """Stop these threads, if they are where they may be stopped."""
        frames = sys._current_frames() if idents else {}
        for ident in idents:
            frame = frames.get(ident)
            if frame is None:
                continue
            code, offset = frame.f_code, frame.f_lasti
            if stops.turns(code, offset) and stops.may_stop(frame, offset):
                _raddle._raise_in(ident, code, offset, cut.Cancelled)

    def end(self):
        """Nothing is left."""


_raddle._equip(watch=watch, reached=reached)
