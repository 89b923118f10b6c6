"""Where a lock was made: places as reports show them, and what is made there.

A place is (file, line, function), or None where it is unknown. One that led to another place,
in a library for example, has that one's code object and more: see `told` in sites/table.rs.
"""

import linecache

from raddle._diagnose.program import assigned, stack

_KINDS = {"lock": "Lock", "rlock": "RLock", "rwlock": "RWLock", "once": "once"}


def kind(word):
    """Return the name of a lock's type."""
    return _KINDS[word]


def of(seen):
    """Return where a thread is, whose frames stack.visible() has found, as `told` has it."""
    inner, line = seen[0]
    own = [each for each in seen if stack.is_own(each[0].f_code)]
    frame, at = own[0] if own else seen[0]
    place = frame.f_code.co_filename, at, frame.f_code.co_qualname
    if frame is inner:
        return place
    return *place, inner.f_code, (line, -1, line, -1), None, None


def is_exit(place):
    """Return whether the program had ended, and the interpreter waited for its threads."""
    return place is not None and place[2] == "_shutdown" and stack.is_inner_file(place[0])


def shown(place):
    """Return "file:line"."""
    return f"{stack.shown(place[0])}:{place[1]}" if place else "an unknown place"


def through(place):
    """Return the "file:line" to which a place led, or None; a library's as it is imported."""
    if not place or len(place) == 3 or place[5]:
        return None
    code, (line, *_) = place[3:5]
    if code.co_filename == place[0] and line == place[1]:
        return None
    return f"{stack.library(code.co_filename)}:{line}"


def inmost(place):
    """Return the file to which a place led, or its own."""
    return place[3].co_filename if len(place) > 3 else place[0]


def source(place):
    """Return the line that is there, without its indentation."""
    return linecache.getline(place[0], place[1]).strip() if place else ""


def lock(word, name, made):
    """Return what to call a lock: its name, the variable it was assigned to, or its type."""
    if name:
        return stack.clean(name)
    found = assigned.name(*made[3:6]) if made and len(made) > 3 else None
    return stack.clean(found) if found else _made(word, made)


def _made(word, made):
    kind = f"the {_KINDS[word]}"
    if not made:
        return kind
    file, line = made[:2]
    if len(made) > 3 and made[6]:
        file, line = made[6][0].co_filename, made[6][1]
    return f"{kind} of {stack.short(file)}:{line}"
