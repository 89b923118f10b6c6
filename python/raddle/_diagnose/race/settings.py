"""What is to be looked at for races, and whether it can be: what flags and variables say."""

import os
import sys

STRICT = "strict"


def refusal():
    """Return why there can be no check in this interpreter, or None."""
    if sys.version_info < (3, 12):
        version = ".".join(map(str, sys.version_info[:2]))
        return f"races are looked for from Python 3.12 on, and this is {version}"
    if sys.implementation.name != "cpython" or sys.version_info >= (3, 15):
        return "races are not looked for on this version of Python: its frames are not known"
    return None


def parse(word):
    """Return (packages, strict) for what a flag or a variable says; raise ValueError."""
    words = [each for each in word.split(",") if each]
    packages = tuple(each for each in words if each != STRICT and each not in ("1", "true"))
    for each in packages:
        if not each.replace(".", "").isidentifier():
            raise ValueError(f"{each!r} is not the name of a package, nor {STRICT}")
    return packages, STRICT in words


def folders(packages):
    """Return the folders, or files, of packages; raise ValueError for one that is not there."""
    import importlib.util

    found = []
    for name in packages:
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            spec = None
        if spec is None or not (spec.origin or spec.submodule_search_locations):
            raise ValueError(f"there is no package {name!r} to look at for races")
        places = spec.submodule_search_locations or [spec.origin]
        found += [os.path.abspath(each) for each in places]
    return tuple(found)
