"""Threads that ended with an exception: part of the story when others wait for what they did.

What is kept is text: no exception, frame or thread is kept alive.
"""

import collections
import os
import time

from raddle import stack

KEPT = 20  # deaths that are remembered
TOLD = 3  # and of which a report tells, the newest

_deaths = collections.deque(maxlen=KEPT)


def note(thread, error):
    """Remember that a thread ends with an exception; called there."""
    if isinstance(error, SystemExit):
        return  # That is how a thread says that it has done enough.
    kind = type.__dict__["__name__"].__get__(type(error))
    name = stack.fact(thread, "_name")
    _deaths.append(
        {
            "thread": stack.clean(name) if type(name) is str else "a thread",
            "error": stack.clean(kind),
            "place": _place(error.__traceback__),
            "time": time.monotonic(),
        }
    )


def _place(traceback):
    """Return the last line of the program's own that a traceback names, or its last line."""
    own = last = None
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if not stack.is_inner(code):
            last = code, traceback.tb_lineno
            own = last if stack.is_own(code) else own
        traceback = traceback.tb_next
    found = own or last
    if found is None:
        return None
    code, line = found
    return f"{stack.short(code.co_filename)}:{line} in {code.co_qualname}"


def recent():
    """Return the newest deaths, the oldest first: dicts of text, and how many seconds ago."""
    now, newest = time.monotonic(), list(_deaths)[-TOLD:]
    fields = ("thread", "error", "place")
    return [
        {**{name: each[name] for name in fields}, "ago": round(now - each["time"], 3)}
        for each in newest
    ]


def told(death):
    """Return a death in words."""
    place = f" ({death['place']})" if death["place"] else ""
    return f"{death['thread']} ended {death['ago']:.1f} s ago with {death['error']}{place}"


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_deaths.clear)  # The threads were the parent's.
