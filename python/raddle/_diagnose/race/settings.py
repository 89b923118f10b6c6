"""What is to be looked at for races, and whether it can be: what flags and variables say."""

import os
import sys

STRICT = "strict"
NAME = "raddle --race"  # what the slot of sys.monitoring is taken for
SLOTS = (4, 3)  # debuggers, coverage and profilers have theirs by name
ON = ("1", "true", "yes", "on")
OFF = ("", "0", "false", "no", "off")


def refusal():
    """Return why there can be no check in this interpreter, or None."""
    version = ".".join(map(str, sys.version_info[:2]))
    if sys.version_info < (3, 12):
        return f"races are looked for from Python 3.12 on, and this is {version}"
    if sys.implementation.name != "cpython" or sys.version_info >= (3, 15):
        name = sys.implementation.name
        return f"races cannot be looked for yet in {name} {version}: its frames are not known"
    return None


def parse(word):
    """Return (packages, strict) for what a flag or a variable says; raise ValueError."""
    words = [each.strip() for each in word.split(",")]
    packages = tuple(each for each in words if each != STRICT and each.lower() not in ON)
    for each in packages:
        if not all(part.isidentifier() for part in each.split(".")):
            raise ValueError(f"{each!r} is not the name of a package, nor {STRICT}")
    return packages, STRICT in words


def check(race):
    """Return (packages, strict) for what configure() is given, None for False.

    Raises TypeError for another type, ValueError for a package that is not there, and
    RuntimeError where there can be no check.
    """
    if not isinstance(race, bool | str):
        kind = type(race).__name__
        raise TypeError(f"race is True, False, packages or {STRICT!r}, not {kind}")
    if race is False:
        return None
    packages, strict = parse("1" if race is True else race)
    why = refusal()
    if why:
        raise RuntimeError(why)
    folders(packages)
    slot()
    return packages, strict


def slot():
    """Return the slot of `sys.monitoring` that raddle has, or one that it can take.

    Raises RuntimeError if others have them all.
    """
    users = {each: sys.monitoring.get_tool(each) for each in SLOTS}
    for name in (NAME, None):
        for each, user in users.items():
            if user == name:
                return each
    them = " and ".join(repr(users[each]) for each in sorted(users))
    raise RuntimeError(
        f"races cannot be looked for: {them} use the slots of sys.monitoring that are left"
    )


def folders(packages, missing_ok=False):
    """Return the folders, or files, of packages; raise ValueError for one that is not there."""
    found = []
    for name in packages:
        places = _places(name)
        if not places and not missing_ok:
            raise ValueError(f"there is no package {name!r} to look at for races")
        found += places
    return tuple(found)


def _places(name):
    """Return where a package is; nothing of it is run."""
    import importlib.util

    top, *rest = name.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return []
    if spec is None:
        return []
    if not spec.submodule_search_locations:
        return [spec.origin] if spec.has_location and not rest else []
    within = [
        os.path.join(os.path.abspath(each), *rest) for each in spec.submodule_search_locations
    ]
    folders = [each + os.sep for each in within if os.path.isdir(each)]
    files = [each + ".py" for each in within if os.path.isfile(each + ".py")]
    return folders + files
