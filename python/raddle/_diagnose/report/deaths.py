"""Threads that ended with an exception, for reports: others may wait for what they did.

What is kept is text: no exception, frame or thread is kept alive.
"""

import collections
import contextlib
import os
import sys
import time
import weakref

from raddle import _raddle
from raddle._diagnose.program import attributes, stack
from raddle._diagnose.report import ending

# What a function does with what it waits for, by the method that it calls.
_DOES = {
    "get": "took items from",
    "task_done": "took items from",
    "put": "put items into",
    "wait": "was to wait for",
    "notify": "was to notify",
    "notify_all": "was to notify",
    "set": "was to set",
    "acquire": "was to take",
    "release": "was to release",
}
_PRIMITIVES: tuple[type, ...] = (
    *(_raddle.Event, _raddle.Barrier, _raddle.Condition, _raddle.Semaphore),
    *(_raddle.Queue, _raddle.SimpleQueue),
)
# What a frame's variables are in: a dict, or from 3.13 on what stands for the frame's own.
_MAPPINGS: tuple[type, ...] = (dict, type((lambda: sys._getframe())().f_locals))
FRAMES = 8  # of a traceback, of which the code is looked at
KEPT = 20  # deaths that are remembered
TOLD = 3  # and of which a report tells, the newest

_deaths = collections.deque(maxlen=KEPT)


def note(thread, error):
    """Remember that a thread ends with an exception; called there."""
    if isinstance(error, SystemExit):
        return  # That is how a thread says that it has done enough.
    kind = type.__dict__["__name__"].__get__(type(error))
    _deaths.append(
        {
            "thread": stack.called(thread) or "a thread",
            "error": stack.clean(kind),
            "place": _place(error.__traceback__),
            "time": time.monotonic(),
            "used": _used(error.__traceback__),
            "counted": False,
        }
    )


def forget():
    """Forget all of them: what comes now has nothing to do with them."""
    _deaths.clear()


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


def _used(traceback):
    """Return what the functions of a traceback have to do with, of what threads wait for.

    As (weak reference, "get" or another method that their code calls) pairs.
    """
    found, seen = [], 0
    while traceback is not None and seen < FRAMES:
        frame, traceback = traceback.tb_frame, traceback.tb_next
        code = frame.f_code
        if stack.is_inner(code):
            continue
        seen += 1
        does = next((name for name in _DOES if name in code.co_names), None)
        for value in _named(frame, code) if does else ():
            if issubclass(type(value), _PRIMITIVES):
                with contextlib.suppress(TypeError):  # A subclass without a place for it.
                    found.append((weakref.ref(value), does))
    return found


def _named(frame, code):
    """Yield the values of the names in a function's code, and of attributes of its `self`."""
    held = frame.f_locals
    if type(held) not in _MAPPINGS or type(frame.f_globals) is not dict:
        return  # Of a program's own make: to look would run its code.
    for name in (*code.co_varnames, *code.co_freevars, *code.co_names):
        if name in held:
            yield held[name]
        elif name in frame.f_globals:
            yield frame.f_globals[name]
    if "self" in held:
        for name in code.co_names:
            yield attributes.attribute(held["self"], name)


def recent(waits=()):
    """Return the newest deaths, the oldest first: dicts of text, and how many seconds ago.

    `waits` are the links of a report and what they wait for: a thread that had to do with one
    of these says so ("used").
    """
    now, newest = time.monotonic(), list(_deaths)[-TOLD:]
    fields = ("thread", "error", "place")
    return [
        {
            **{name: each[name] for name in fields},
            "ago": round(now - each["time"], 3),
            "used": _told_used(each["used"], waits),
        }
        for each in newest
    ]


def concern(values):
    """Return whether a death that was not counted yet has to do with one of these objects."""
    waits = [({"name": ""}, value) for value in values]
    return any(not each["counted"] and _told_used(each["used"], waits) for each in _deaths)


def count():
    """Say that the deaths so far have been told of."""
    for each in list(_deaths):
        each["counted"] = True


def _told_used(used, waits):
    for link, value in waits:
        for reference, does in used:
            if value is not None and reference() is value:
                return f"{_DOES[does]} {link['name']}"
    return None


def heading(deaths):
    """Return which threads have died of those that had to do with what is waited for, or ""."""
    names = [each["thread"] for each in deaths if each["used"]]
    if not names:
        return ""
    return f"; {ending.listed(names)} {'has' if len(names) == 1 else 'have'} died"


def cure(deaths):
    """Return a sentence, and a space, on what helps against such a death; "" without one."""
    for each in deaths:
        if each["used"]:
            place = f" ({each['place']})" if each["place"] else ""
            return f"Let {each['thread']} catch what it died of{place}. "
    return ""


def told(death):
    """Return a death in words."""
    place = f" ({death['place']})" if death["place"] else ""
    used = f", which {death['used']}," if death.get("used") else ""
    ago = f"{death['ago']:.1f} s ago"
    return f"{death['thread']}{used} ended {ago} with {death['error']}{place}"


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_deaths.clear)  # The threads were the parent's.
