"""Which files of raddle go into a program that PyInstaller makes."""

import os
import pkgutil

_HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_LEFT_OUT = ("raddle.pytest_plugin", "raddle._pytest", "raddle._install.pyinstaller")


def _modules(folder, prefix):
    """Return the names of all modules in a folder, without importing any."""
    found = []
    for _, name, is_package in pkgutil.iter_modules([folder]):
        found.append(prefix + name)
        if is_package:
            found += _modules(os.path.join(folder, name), f"{prefix}{name}.")
    return found


# Most modules are imported by name when they are needed, which PyInstaller cannot see.
hiddenimports = [each for each in _modules(_HOME, "raddle.") if not each.startswith(_LEFT_OUT)]
# (A program that uses these imports them itself.)
excludedimports = ["pytest", "_pytest", "gevent", "eventlet"]
# As files: reports leave out raddle's own lines, which they recognise by their folder.
module_collection_mode = "py"
