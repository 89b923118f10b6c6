"""What a program says is fine: patterns for names, and for places."""

import fnmatch
import os


def check(patterns, name):
    """Return a tuple of the patterns that `name` is given, or raise TypeError."""
    if isinstance(patterns, str):
        raise TypeError(f"{name} is a list of patterns such as 'bank.py:12', not a str")
    try:
        patterns = tuple(patterns)
    except TypeError:
        kind = type(patterns).__name__
        raise TypeError(f"{name} is a list of patterns, not {kind}") from None
    for each in patterns:
        if not isinstance(each, str):
            raise TypeError(f"{name} has patterns, not {type(each).__name__}")
    return patterns


def matches(words, patterns):
    """Whether a pattern matches one of the words, or the end of a path.

    (A path of Windows may be written in a pattern with either kind of slash.)
    """
    words, patterns = [_slashed(each) for each in words], [_slashed(each) for each in patterns]
    return any(
        fnmatch.fnmatchcase(word, pattern) or fnmatch.fnmatchcase(word, f"*/{pattern}")
        for word in words
        for pattern in patterns
    )


def _slashed(word):
    return word if os.sep == "/" else word.replace(os.sep, "/")
