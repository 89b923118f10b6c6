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

import os
import sys
import time

from raddle import _raddle
from raddle._diagnose.program import stack
from raddle._diagnose.report import report
from raddle._futures import cut, stops

LOOK = 0.05  # seconds between two looks, while somebody is in a scope
QUICK = 0.004  # the same, while somebody is to be stopped
IDLE = 1.0  # seconds without anybody in a scope after which the thread ends
SILENT = 1.0  # seconds after which a thread that does not stop is named

_due = set()  # (ident, key) of the threads that are to be stopped, and their scopes
_named = {}  # (ident, key) of the threads that could not be: where they are


def _watch():
    """Look after the threads that compute, until there are none; whatever happens meanwhile."""
    me = _raddle._ident()
    stack.ours.add(me)
    try:
        while True:
            try:
                _look()
                return
            except Exception:
                time.sleep(LOOK)  # Memory is short, or another tool came between.
    finally:
        stack.ours.discard(me)


def unreachable(ident):
    """Return where a thread is that was found not to stop, or None."""
    return next((where for (each, _), where in list(_named.items()) if each == ident), None)


def _look():
    ended, empty_since, quick = {}, None, QUICK
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
                pause = min(pause, quick)
            else:
                pause = min(pause, began + grace - now)
        ended = seen
        is_old = due.keys() <= _due and _means.stays
        quick = min(2 * quick, LOOK) if is_old else QUICK
        for each in _due - due.keys():
            _due.discard(each)
        _due.update(due)
        _means.reach(set(due))
        _name([each for each, since in due.items() if since >= SILENT])
        for gone in _named.keys() - due.keys():
            _named.pop(gone, None)
        if inside:
            empty_since = None
        elif empty_since is None:
            empty_since = now
        elif now >= empty_since + IDLE and _raddle._unwatch():
            _means.end()
            return
        _raddle._await_bell(pause)


def reached(key, late, code, offset):
    """Return what the calling thread raises where it is, or what `sys.monitoring` is told."""
    if not stops.turns(code, offset):
        return sys.monitoring.DISABLE
    if (_raddle._ident(), key) not in _due:
        return None
    frame = sys._getframe(1)
    if frame.f_code is not code or not stops.may_stop(frame, offset):
        return None
    place = cut.where(frame)
    cut.note(place)
    return cut.Cancelled("was computing", place, late)


def _name(idents):
    """Tell, once each, of threads that do not stop, and where they are."""
    new = [each for each in idents if each not in _named]
    stacks = _raddle._moment()[0] if new else {}
    for ident, key in new:
        place = cut.where_of(stacks.get(ident, ())) or "C code"
        where = _named[ident, key] = f"in {place}"
        text = f"raddle: cannot be cancelled: {stack.name_of(ident)}: {where}\n"
        report.show(lambda _, text=text: text)
    stacks.clear()  # This thread's own frames, which have them, are among them.


class _Monitored:
    """By `sys.monitoring`.

    (By its INSTRUCTION events: where a callback for JUMP raises, 3.12 and 3.13 run no handler,
    no `finally` and no `__exit__`.)
    """

    stays = True  # Once it is told of a thread, there is no hurry.
    NAME = "raddle"
    SLOTS = (4, 3)

    def __init__(self):
        self._tool = None
        self._codes = {}  # by id: equal functions are not the same

    def reach(self, due):
        """Have `reached` called in these threads where they are, and in no others."""
        stacks = _raddle._moment()[0] if due else {}
        found = [frame.f_code for ident, _ in due for frame, _ in stacks.get(ident, ())]
        stacks.clear()  # This thread's own frames, which have them, are among them.
        codes = {id(code): code for code in found if not stack.is_inner(code)}
        if codes and self._tool is None and not self._take():
            return
        for code in [code for at, code in codes.items() if at not in self._codes]:
            sys.monitoring.set_local_events(self._tool, code, sys.monitoring.events.INSTRUCTION)
        self._codes |= codes
        if not due:
            self.end()

    def _take(self):
        monitoring = sys.monitoring
        free = [slot for slot in self.SLOTS if monitoring.get_tool(slot) is None]
        if not free:
            return False
        try:
            monitoring.use_tool_id(free[0], self.NAME)
        except ValueError:
            return False  # Another one was quicker.
        self._tool = free[0]
        instruction = monitoring.events.INSTRUCTION
        monitoring.register_callback(self._tool, instruction, _raddle._reached)
        return True

    def end(self):
        """Give the slot back."""
        if self._tool is None:
            return
        monitoring = sys.monitoring
        for code in self._codes.values():
            monitoring.set_local_events(self._tool, code, 0)
        monitoring.register_callback(self._tool, monitoring.events.INSTRUCTION, None)
        monitoring.free_tool_id(self._tool)
        self._tool, self._codes = None, {}


class _Asynchronous:
    """By the interpreter's asynchronous exception, up to 3.11."""

    stays = False

    def reach(self, due):
        """Stop these threads, if they are where they may be stopped."""
        frames = sys._current_frames() if due else {}
        for ident, key in due:
            if ident in frames:
                self._stop(ident, key, frames[ident])
        frames.clear()  # This thread's own frame, which has them, is among them.

    def _stop(self, ident, key, frame):
        code, offset = frame.f_code, frame.f_lasti
        if stops.turns(code, offset) and stops.may_stop(frame, offset):
            _raddle._raise_in(ident, key, code, offset, cut.Cancelled)

    def end(self):
        """Nothing is left."""


_means = _Monitored() if sys.version_info >= (3, 12) else _Asynchronous()
_raddle._equip(watch=_watch, reached=reached)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_raddle._scopes_forked)
