"""Suggestions for a wrong command line: what was meant, most likely."""

import difflib
import os

COMMANDS = ("run", "explore", "replay", "dump", "doctor", "help")
OPTIONS = (
    "--check",
    "--profile",
    "--on-deadlock",
    "--known-orders",
    "--race",
    "--known-races",
    "--help",
)  # of `raddle run`
NAMELESS = {"version": "raddle --version", "--check": "raddle run --check app.py"}
NAMELESS |= {
    each: f"raddle run {each} app.py" for each in ("--profile", "--known-orders", "--race")
}
# The long options that Python itself has; what follows belongs to the last one.
PYTHONS = ("--help", "--help-all", "--help-env", "--help-xoptions", "--version")
WITH_ARGUMENT = ("-X", "-W", "--check-hash-based-pycs")


def of_command(argv):
    """Return what is wrong with the first word of a command line."""
    word = argv[0]
    said = f"there is no {'option' if word.startswith('-') else 'command'} {word!r}"
    if word in NAMELESS:
        return f"{said}; did you mean `{NAMELESS[word]}`?"
    if word in ("-m", "-c", "-") or _is_program(word):
        return f"{said}; did you mean `raddle run {word}{' …' if argv[1:] else ''}`?"
    return said + _like(word, (*COMMANDS, "--version"))


def of_option(rest):
    """Return what is wrong with the options before the program of `raddle run`, or None.

    Long ones only: Python itself reports the others.
    """
    words = iter(rest)
    for word in words:
        if word in WITH_ARGUMENT:
            next(words, None)
        elif not word.startswith("-") or word in ("-", "-c", "-m"):
            return None
        elif word.startswith("--") and word not in PYTHONS:
            name = word.partition("=")[0]
            if name in OPTIONS:
                return f"{name} comes before the options for Python"
            return f"run has no option {word!r}" + _like(name, OPTIONS)
    return None


def of_dump(words):
    """Return what is wrong with the words after `raddle dump`, but for --tree, or None."""
    for word in words:
        if word.startswith("--"):
            return f"dump has no option {word!r}" + _like(word, ("--tree", "--help"))
    return None if len(words) == 1 else "dump needs one process id"


def _is_program(word):
    return not word.startswith("-") and (word.endswith(".py") or os.path.exists(word))


def _like(word, known):
    near = difflib.get_close_matches(word, known, 1)
    return f"; did you mean {near[0]}?" if near else ""
