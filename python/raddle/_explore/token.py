"""A schedule as a word: which choices differ from going on with the same thread.

Behind an `@` are the lines whose accesses are points as well.
"""

from urllib.parse import quote, unquote

from raddle import _raddle


def encode(choices, places=()):
    """Return the token of a schedule; places: (file, line)s that are points."""
    at = "+".join(f"{quote(file, safe='/')}:{line}" for file, line in sorted(places))
    return _raddle._word_of(choices) + ("@" + at if at else "")


def decode(token):
    """Return the (choices, places) of a token; ValueError for what is none."""
    word, behind, at = token.partition("@") if isinstance(token, str) else ("", "", "")
    choices, places = _raddle._choices_of(word), []
    for each in at.split("+") if behind else ():
        file, _, line = each.rpartition(":")
        places.append(
            (unquote(file), int(line) if line.isdecimal() and len(line) < 9 else None)
        )
    if choices is None or not all(file and line for file, line in places):
        shown = repr(token) if len(repr(token)) < 60 else f"{token!r:.57}..."
        raise ValueError(f"{shown} is no schedule, such as r1-5.1-2.1")
    return choices, frozenset(places)
