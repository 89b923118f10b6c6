"""The command line of an interpreter: its options, and where the program begins."""

import os
import re
import sys

_WITH_ARGUMENT = ("-X", "-W", "--check-hash-based-pycs")


def split(words):
    """Return the interpreter's options in a command line without the executable, and the rest.

    The rest begins with the program: a script, `-`, or the `-c` or `-m` before it.
    """
    options, left = [], list(words)
    while left:
        word = left[0]
        if word in _WITH_ARGUMENT:
            options += left[:2]
            del left[:2]
        elif not word.startswith("-") or word == "-":
            break
        elif word.startswith(("--", "-X", "-W")):
            options.append(left.pop(0))
        else:
            # A cluster of letters, up to the m of `-m raddle`.
            before, kind, after = re.fullmatch("-([^cm]*)([cm]?)(.*)", word, re.S).groups()
            if kind and before:
                left[0] = f"-{kind}{after}"
                options.append(f"-{before}")
            if kind:
                break
            options.append(left.pop(0))
    return options, left


def own():
    """Return the options that this interpreter was given (-u, -X dev, -W error, ...)."""
    return split(sys.orig_argv[1:])[0]


def letters(options):
    """Return the one-letter options among these."""
    return {
        letter
        for option in options
        if not option.startswith(("--", "-X", "-W"))
        for letter in option[1:]
    }


def home(words):
    """Return the folder in which the program of a command line is, or from which it is run."""
    _, program = split(words)
    if not program or program[0].startswith("-"):
        return os.getcwd()
    # (Python, too, looks beside the file that a link leads to.)
    path = os.path.realpath(program[0])
    return path if os.path.isdir(path) else os.path.dirname(path)
