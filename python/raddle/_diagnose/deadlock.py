"""What happens when raddle finds a deadlock: it is reported, raised, or given to the program.

The core finds it, and calls `found` with no lock of its own held. It does so in the thread that
found it; or, if that is the main one, in another thread, which no signal handler interrupts.
"""

import collections
import os
import sys
import time

from raddle import _raddle
from raddle._diagnose.program import mutex, stack
from raddle._diagnose.report import deaths, woken_by_signal
from raddle._diagnose.report.report import Report, show
from raddle._diagnose.report.sentences import refusal

KEPT = 100  # reports that deadlocks() remembers
LOOKS = 5  # at whether all threads sleep

_reports = collections.deque(maxlen=KEPT)
_action = os.environ.get("RADDLE_ON_DEADLOCK") or "report"
if _why := refusal(_action):
    if sys.stderr is not None:
        sys.stderr.write(f"raddle: {_why}: it is taken for report\n")
    _action = "report"


_handling = {}  # by ident, of a thread that has given a report to the program: the report


class DeadlockError(RuntimeError):
    """Raised, if configured so, in a thread whose wait would close a deadlock.

    `report` is the raddle report of it. The standard library has no counterpart: it hangs.
    """

    __module__ = "raddle"

    def __init__(self, report):
        super().__init__(report)
        self.report = report

    def __str__(self):
        return str(self.report)


def action():
    """Return what is done about a deadlock: one of the words, or a callable."""
    return _action


def act(action):
    """Do this about a deadlock from now on."""
    global _action
    _action = action
    _raddle._detect(action != "ignore")


def deadlocks():
    """Return the reports of the deadlocks found so far, the oldest first.

    Each has `to_dict()`, which json.dumps() takes; the newest 100 are kept. The standard
    library has no counterpart.
    """
    return list(_reports)


def found(finder, kind, ring, certain, may_raise, waits):
    """Called for each deadlock; return what the finder's wait is to raise, or None.

    Or a function to be called in the finder's thread, and its arguments; or "dismissed" or
    "later", if nothing is to be told. `finder` is its ident. Not `may_raise`: what was returned
    for it before cannot be raised, so it is shown.
    """
    if finder in _handling:
        # What was given the report waits for the deadlock, and so would never end.
        return DeadlockError(_handling[finder]) if kind == "cycle" and certain else None
    action = _action
    if action == "ignore":
        return None
    try:
        verdict, ways = _verdict(finder, kind, ring, certain, waits)
        if verdict is not None:
            return verdict
        certain = certain or (kind == "starved" and _all_sleep(finder))
        report = Report(kind, ring, certain, waits, ways)
        deaths.count()
    except Exception as error:
        if sys.is_finalizing():
            return None
        text = f"raddle: a deadlock, which could not be described: {error!r}\n"
        show(lambda colour: text)
        return None
    if may_raise:
        _reports.append(report)
        if action == "raise" and not ways:
            return DeadlockError(report)
    if action in ("report", "raise") or not may_raise:
        show(report.render)
        return None
    return hand, finder, action, report


def hand(finder, action, report):
    """Call the program's `action` with a report; return what it raises, or None."""
    _handling[finder] = report
    try:
        action(report)
    except BaseException as error:
        return error.with_traceback(error.__traceback__.tb_next)  # Not this line.
    finally:
        _handling.pop(finder, None)
    return None


def is_handling(ident):
    """Return whether the program is handling a report in the thread with this ident."""
    return ident in _handling


def _verdict(finder, kind, ring, certain, waits):
    """Return "dismissed" for what may be as it should be, "later" if it is too early, or None.

    And what a signal could still bring about, in words.
    """
    if kind == "cycle":
        return (None if certain else _verdict_of_ring(ring)), ()
    if kind != "asleep":
        return None, ()
    ways = woken_by_signal.Ways(finder)  # Only the main thread finds that.
    if not ways:
        return None, ()
    if ways.are_meant(ring):
        return "dismissed", ()
    slept = time.monotonic() - max(each[4] for each in waits if not each[5])
    return ("later" if slept < woken_by_signal.LATER else None), ways.told()


def _all_sleep(finder):
    """Return whether no thread is left that could cancel a call, nor a signal's handler."""
    for _ in range(LOOKS):
        asleep = {finder, *(each[0] for each in _raddle._waits() if not each[5])}
        with stack.Stacks() as stacks:
            if asleep.issuperset(stacks.idents()):
                return not woken_by_signal.Ways(_raddle._main_ident())
        time.sleep(0.01)  # One may have woken for a moment, to look around.
    return False


def _verdict_of_ring(ring):
    """Return "dismissed" for a ring that another thread, or a signal's handler, may undo."""
    main, idents = _raddle._main_ident(), [ident for ident, *_ in ring]
    if len(ring) > 1 and not (main in idents and woken_by_signal.Ways(main)):
        return None
    with stack.Stacks() as stacks:
        if len(ring) == 1:
            kept = ring[0][1] == "lock" and mutex.is_owned(stacks.of(ring[0][0]), ring[0][2])
        else:
            kept = all(
                kind != "future" and (kind != "lock" or mutex.is_held(stacks.of(by), value))
                for _, kind, value, by in ring
                if by == main
            )
    return None if kept else "dismissed"


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_handling.clear)  # The threads are the parent's.
_raddle._equip(deadlock=found)
