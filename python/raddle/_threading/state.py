"""What is in force: whether raddle is installed, and which of its modules are complete.

`install()` patches modules of the standard library with objects of raddle's modules. One of
these may not be complete yet, because it imports the very module that is to be patched. So each
of them calls `complete()` at its end.
"""

import sys

_installed = False
_complete = {}  # the modules, by name
_watchers = []


def installed():
    """Return whether install() is in effect."""
    return _installed


def set_installed(installed):
    """Say whether it is."""
    global _installed
    _installed = installed


def completed(name):
    """Return the module of raddle's with this name if it can be used, else None.

    The first copy of it, though a program may have taken it out of `sys.modules`.
    """
    return _complete.get(name)


def complete(name):
    """Called by a module at its end."""
    _complete.setdefault(name, sys.modules[name])
    for watcher in _watchers:
        watcher(name)


def watch(watcher):
    """Have `watcher(name)` called for each module that is complete from now on."""
    _watchers.append(watcher)
