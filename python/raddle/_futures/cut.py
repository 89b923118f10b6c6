"""What a wait raises because its scope has ended, and what becomes of that where the scope
ends.

A wait that is cut raises `Cancelled`, whatever ended the scope: code in between, which knows
nothing of it, must not take it for a timeout of its own. Only the scope itself says what it
was.
"""

import sys
import time
import warnings

from raddle import _raddle
from raddle._diagnose.program import stack
from raddle._diagnose.report import sentences
from raddle._threading import state

checkpoint, deadline, remaining = _raddle.checkpoint, _raddle.deadline, _raddle.remaining
shield, sleep = _raddle.shield, _raddle.sleep

_DEEPEST = 200  # frames that are looked at for one of the program's own

_places = {}  # by ident, of a thread whose wait was cut: where that was


class Cancelled(BaseException):
    """Raised by a wait, or `raddle.checkpoint()`, in a scope that has ended: the scope was
    cancelled or its deadline has passed.

    The `with` block of the scope catches it, nothing else should: catch it only to clean up,
    and raise it again. It is a BaseException, as `asyncio.CancelledError` is. `wait` says what
    was waited for, `place` where, and `late` whether a deadline has passed.
    """

    __module__ = "raddle"

    def __init__(self, wait="", place="", late=False):
        super().__init__(wait, place, late)
        self.wait = wait
        self.place = place
        self.late = late

    def __str__(self):
        return ", ".join(each for each in (self.wait, self.place) if each)


def cut(late, kind, subject):
    """Return what the calling thread's wait raises."""
    place = where(sys._getframe(1))
    note(place)
    return Cancelled(_wait(kind, subject), place, late)


def note(place):
    """Note where the calling thread was stopped."""
    _places[_raddle._ident()] = place


def forget():
    """Forget where the calling thread's waits were cut, and return where the last one was."""
    return _places.pop(_raddle._ident(), "")


def swallowed(place, depth):
    """Warn that a Cancelled was caught, and not raised again."""
    warnings.warn(
        f"raddle.Cancelled was caught, and not raised again: the wait was ended at {place}",
        RuntimeWarning,
        stacklevel=depth + 1,
    )


def of_another(error, scope):
    """Return the Cancelled for an error of `scope`, which has ended, and waited for another."""
    cut = Cancelled("waited for what was cancelled", late=not scope.cancelled)
    cut.__cause__ = error
    return cut


def complete(error, late):
    """Have a Cancelled say what it is that the interpreter has made: up to 3.11, where a thread
    was stopped that computed.
    """
    if getattr(error, "wait", "") or getattr(error, "place", ""):
        return
    error.wait, error.late = "was computing", late
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    if at is not None:
        error.place = _line(at.tb_frame, at.tb_lineno)


def left(scope, error, late, outer):
    """Return what the `with` block of `scope`, which is left by `error`, raises instead, or
    whether the error has come to its end there.

    late: its deadline has passed; outer: a scope around it has ended as well.
    """
    place = forget()
    if error is None:
        if scope.ended:
            swallowed(place, 2)
        return False
    if not isinstance(error, Cancelled) or outer or scope._shielded or not scope.ended:
        return False
    complete(error, late)
    if late:
        timeout = TimeoutError(passed(scope.seconds, [str(error)] if str(error) else []))
        timeout.__cause__ = error
        return timeout
    return True


def passed(seconds, waits, group=None):
    """Return what a TimeoutError says: the deadline, and what was waited for."""
    of = f" of group {group}" if group else ""
    said = "; ".join(waits)
    return f"the deadline{of} ({seconds:g} s) has passed" + (f": {said}" if said else "")


def _wait(kind, subject):
    if kind == "other":
        return ""
    if kind == "sleep":
        return "was asleep"
    name = getattr(subject, "_raddle_name", None)
    link = {
        "kind": kind,
        "name": name if isinstance(name, str) else sentences.some(kind),
        "provider": None,
    }
    return sentences.wait(link).replace("waits for", "waited for", 1)


def where(frame):
    """Return where the calling thread is, from this frame of its on: as `where_of` does."""
    frames = []
    while frame is not None and len(frames) < _DEEPEST:
        frames.append((frame, frame.f_lineno))
        frame = frame.f_back
    return where_of(frames)


def where_of(frames):
    """Return where a thread is whose frames and lines these are, the innermost first: its
    innermost line of the program's own, or else the innermost of all.
    """
    seen = [each for each in frames if not stack.is_inner(each[0].f_code)]
    own = [each for each in seen if stack.is_own(each[0].f_code)]
    return next((_line(frame, line) for frame, line in (*own, *seen)), "")


def _line(frame, line):
    line = line or frame.f_code.co_firstlineno  # (Some instructions have none.)
    place = f"{stack.library(frame.f_code.co_filename)}:{line}"
    source = stack.source(frame, line)
    return f"{place}: {source}" if source else place


_raddle._equip(scope_cancelled=Cancelled, cut=cut, left=left, sleep=time.sleep)
state.complete(__name__)
