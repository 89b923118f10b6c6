"""Odd arguments for every public method, and what comes of them: for test_arguments.py.

An operation is a function of (m, value), where m has the names of `threading`, `queue` and
`concurrent.futures`, raddle's or the standard library's. None waits longer than some
milliseconds.
"""

import contextlib
import re
import sys
import types
from decimal import Decimal
from fractions import Fraction


class Whole(int):
    """A subclass of int."""


class Real(float):
    """A subclass of float."""


class Index:
    """A number for `operator.index` alone."""

    def __init__(self, number):
        self.number = number

    def __index__(self):
        return self.number


class Sized:
    """No number; false, as an empty container is."""

    def __len__(self):
        return 0


HUGE = 10**30

# What a method is given in the place of a number, by what the tests call it.
VALUES = {
    "None": None,
    "True": True,
    "False": False,
    "0": 0,
    "1": 1,
    "-1": -1,
    "-2": -2,
    "huge": HUGE,
    "-huge": -HUGE,
    "10**400": 10**400,
    "2**63": 2**63,
    "0.001": 0.001,
    "-0.001": -0.001,
    "1.5": 1.5,
    "2.0": 2.0,
    "nan": float("nan"),
    "inf": float("inf"),
    "-inf": float("-inf"),
    "1e20": 1e20,
    "str": "x",
    "list": [],
    "Sized()": Sized(),
    "complex": 1j,
    "Decimal('0.001')": Decimal("0.001"),
    "Decimal(-1)": Decimal(-1),
    "Decimal('NaN')": Decimal("NaN"),
    "Fraction(1, 1000)": Fraction(1, 1000),
    "Fraction(-1)": Fraction(-1),
    "Whole(0)": Whole(0),
    "Whole(-1)": Whole(-1),
    "Real(0.001)": Real(0.001),
    "Real(-1)": Real(-1),
    "Index(0)": Index(0),
    "Index(1)": Index(1),
    "ValueError": ValueError,
    "ValueError()": ValueError("mine"),
}

# Those for which a wait would be too long for a test, or has no end.
LONG = {"None", "True", "1", "1.5", "2.0", "Index(1)"}
# The standard library's loops look at its clock again and again, and NaN has never passed.
NEVER_PASSES = {"nan", "Decimal('NaN')"}

# A lock's way to say that there is no timeout.
ENDLESS = {"-1", "Whole(-1)", "Real(-1)"}
if sys.version_info >= (3, 15):  # A lock takes what float() takes.
    ENDLESS |= {"Decimal(-1)", "Fraction(-1)"}

OPERATIONS = {}
SKIPPED = {}


def operation(*skipped):
    """Register an operation, which is not tried with the values named in the sets."""

    def register(function):
        name = function.__name__
        OPERATIONS[name] = function
        SKIPPED[name] = set().union(*skipped)
        return function

    return register


def modules(*parts):
    """Return the names of several modules as one."""
    names = types.SimpleNamespace()
    for part in parts:
        vars(names).update(part)
    return names


def _text(value):
    """Return what is shown of a result: equal ones of other types are told apart."""
    return re.sub(r" at 0x\w+", "", repr(value))


def outcome(m, call, value):
    """Return ("returned", text) or ("raised", type, message)."""
    with contextlib.redirect_stderr(None):
        try:
            return "returned", _text(call(m, value))
        except Exception as error:
            return "raised", type(error).__name__, _text(str(error))[1:-1]


_NO_INTEGER = "object cannot be interpreted as an integer"


def agree(ours, theirs):
    """Return whether two outcomes are the same but for what a message says at its end."""
    if ours[0] == theirs[0] == "raised":
        if theirs[1] == "OverflowError":
            return ours[1] == theirs[1]  # Its words change from one patch release to the next.
        if all(_NO_INTEGER in each[2] for each in (ours, theirs)):
            return ours[1] == theirs[1]  # Likewise.
        return ours[1] == theirs[1] and ours[2].startswith(theirs[2])
    return ours == theirs
