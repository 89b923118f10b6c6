"""A schedule as a word: which choices differ from going on with the same thread."""

from raddle import _raddle

encode = _raddle._word_of


def decode(token):
    """Return the choices of a token; ValueError for what is none."""
    choices = _raddle._choices_of(token) if isinstance(token, str) else None
    if choices is None:
        shown = repr(token) if len(repr(token)) < 60 else f"{token!r:.57}..."
        raise ValueError(f"{shown} is no schedule, such as r1-5.1-2.1")
    return choices
