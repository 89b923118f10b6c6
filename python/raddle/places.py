"""Places in the program as people know them, and what is made there.

A place is (file, line, function), or None where nobody can tell.
"""

import linecache
import re

from raddle import stack

_ASSIGNED = re.compile(r"\s*([\w.]+(?:\[[^]]*\])?)\s*(?::[^=]+)?=[^=]")
_KINDS = {"lock": "Lock", "rlock": "RLock"}


def kind(word):
    """Return the name of a lock's type."""
    return _KINDS[word]


def shown(place):
    """Return "file:line"."""
    return f"{stack.shown(place[0])}:{place[1]}" if place else "an unknown place"


def source(place):
    """Return the line that is there, without its indentation."""
    return linecache.getline(place[0], place[1]).strip() if place else ""


def lock(word, name, made):
    """Return what to call a lock: its name, the variable it was assigned to, or its type."""
    return stack.clean(name) if name else _assigned(made) or _made(word, made)


def _assigned(made):
    """Return the variable that something was assigned to where it was made, or None."""
    text = source(made)
    found = _ASSIGNED.match(text)
    # (Of two statements on one line, nobody knows which it was.)
    return found[1] if found and ";" not in text else None


def _made(word, made):
    kind = f"the {_KINDS[word]}"
    return f"{kind} of {stack.short(made[0])}:{made[1]}" if made else kind
