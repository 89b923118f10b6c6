"""What is in force: whether raddle is installed, and which of its modules are complete.

`install()` patches modules of the standard library with what modules of raddle have. One of
these may be just being imported: it imports the very module that is to be patched. So it says
here when it is complete.
"""

_installed = False
_complete = set()  # names of modules
_watchers = []


def installed():
    """Return whether install() is in effect."""
    return _installed


def set_installed(installed):
    """Say whether it is."""
    global _installed
    _installed = installed


def is_complete(name):
    """Return whether the module of raddle's with this name can be used."""
    return name in _complete


def complete(name):
    """Called by a module at its end."""
    _complete.add(name)
    for watcher in _watchers:
        watcher(name)


def watch(watcher):
    """Have `watcher(name)` called for each module that is complete from now on."""
    _watchers.append(watcher)
