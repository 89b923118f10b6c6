"""The table [tool.raddle] of pyproject.toml: the flags and variables of a project.

`raddle run` looks from the program's folder upwards, pytest from its root; the nearest file
that has the table counts. A flag overrides a variable, and a variable overrides the table. A
mistake in a table is an error at once: a setting that was ignored would protect nobody.
"""

import difflib
import math
import os

NAME = "pyproject.toml"
_WHERE = "[tool.raddle]"


class SettingsError(Exception):
    """A table cannot be used; the text names the file, the key and what is wrong."""


def _action(value):
    from raddle._diagnose.report.sentences import ACTIONS

    choices = ", ".join(f'"{word}"' for word in ACTIONS)
    return None if value in ACTIONS and isinstance(value, str) else f"one of {choices}"


def _flag(value):
    return None if isinstance(value, bool) else "true or false"


def _patterns(value):
    if isinstance(value, list) and all(isinstance(each, str) and each for each in value):
        return None
    return "a list of texts"


def _race(value):
    if isinstance(value, bool):
        return None
    names = [value] if isinstance(value, str) else value
    if isinstance(names, list) and all(isinstance(each, str) for each in names) and names:
        from raddle._diagnose.race import settings

        try:
            settings.parse(",".join(names))
            return None
        except ValueError:
            pass
    return 'true, false, "strict" or a list of packages'


def _orders(value):
    # (In the variable a comma parts two of them.)
    if not _patterns(value) and any("," in each for each in value):
        return "a list of patterns without commas (write ? for one)"
    return _patterns(value)


def _profile(value):
    return None if isinstance(value, bool | str) and value != "" else "true, false or a file"


def _seconds(value):
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return None if number and 0 <= value < math.inf else "a number of seconds, 0 or more"


KEYS = {
    "on-deadlock": _action,
    "lock-order": _flag,
    "known-orders": _orders,
    "profile": _profile,
    "race": _race,
    "known-races": _orders,
    "dump": _flag,
    # What only pytest reads:
    "grace": _seconds,
    "known-threads": _patterns,
}
_MEANT = {"check": "lock-order", "order": "lock-order", "leaks": "known-threads"}


class Table(dict):
    """The settings of a table, by key; `file` is where they are written, None without one."""

    def __init__(self, file=None, values=()):
        super().__init__(values)
        self.file = file

    def variables(self):
        """Return the environment variables that say the same."""
        found = {}
        if "on-deadlock" in self:
            found["RADDLE_ON_DEADLOCK"] = self["on-deadlock"]
        for key, name in (("lock-order", "RADDLE_LOCK_ORDER"), ("dump", "RADDLE_DUMP")):
            if key in self:
                found[name] = "1" if self[key] else "0"
        if "known-orders" in self:
            found["RADDLE_KNOWN_ORDERS"] = ",".join(self["known-orders"])
        if "known-races" in self:
            found["RADDLE_KNOWN_RACES"] = ",".join(self["known-races"])
        if "race" in self:
            found["RADDLE_RACE"] = self.race()
        return found

    def race(self):
        """Return what RADDLE_RACE has for it: 0, 1, or names of packages."""
        value = self.get("race", False)
        if isinstance(value, bool):
            return "1" if value else "0"
        return value if isinstance(value, str) else ",".join(value)

    def profile(self):
        """Return where the profile goes: False, True for a table on stderr, or a file."""
        value = self.get("profile", False)
        if isinstance(value, str):
            return os.path.join(os.path.dirname(self.file), value)
        return value


def read(folder):
    """Return the Table of the nearest file at or above a folder, an empty one without any.

    Raises SettingsError if that has an unknown key, or a value of another type.
    """
    folder = os.path.abspath(folder)
    while True:
        path = os.path.join(folder, NAME)
        values = _table(path)
        if values is not None:
            _check(path, values)
            return Table(path, values)
        above = os.path.dirname(folder)
        if above == folder:
            return Table()
        folder = above


def _table(path):
    """Return the table of a file as a dict; None if it has none."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return None
    if b"raddle" not in data:
        return None  # Most files: they need not be parsed, nor be right.
    import tomllib

    try:
        tools = tomllib.loads(data.decode()).get("tool", {})
    except ValueError as error:
        raise SettingsError(f"{path} cannot be read: {error}") from None
    values = tools.get("raddle") if isinstance(tools, dict) else None
    if values is not None and not isinstance(values, dict):
        raise SettingsError(f"{path}: {_WHERE} is a table, not {values!r}")
    return values


def _check(path, values):
    for key, value in values.items():
        if key not in KEYS:
            raise SettingsError(f"{path}: {_WHERE} has no key {key!r}{_like(key)}")
        wanted = KEYS[key](value)
        if wanted:
            raise SettingsError(f"{path}: {_WHERE} {key} is {wanted}, not {_shown(value)}")


def _like(key):
    name = key.lower().replace("_", "-").removeprefix("raddle-")
    near = [_MEANT[name]] if name in _MEANT else difflib.get_close_matches(name, KEYS, 1)
    return f"; did you mean {near[0]}?" if near else f" (it has {', '.join(KEYS)})"


def _shown(value):
    """Return a value as TOML has it."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value)
