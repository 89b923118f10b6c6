"""What `threading` and `_thread` do at the program's end: wait for raddle's threads, too."""

import os
import sys

from raddle import _raddle

_VERSION = sys.version_info[:2]


def shutdown_with(stock):
    """Return a `_thread._shutdown` that waits for raddle's threads and for the others."""
    if getattr(stock, "_raddle", False):
        return stock

    def _shutdown():
        """Wait for all threads that are not daemons."""
        # (Not if Ctrl-C has ended the wait: the user wants the program to end.)
        if _raddle._shutdown():
            stock()
            # Those may have started more of raddle's.
            _raddle._shutdown()
        _raddle._close()

    _shutdown._raddle = True
    return as_in_thread(_shutdown)


def as_in_thread(function):
    """Have a function look like one of `_thread`'s, which it is about to replace."""
    function.__module__, function.__qualname__ = "_thread", function.__name__
    return function


def hook(module):
    """Make a threading module's shutdown wait for raddle's threads too. Never undone: threads
    may outlive uninstall()."""
    names = vars(module)
    if _VERSION >= (3, 13):
        names["_thread_shutdown"] = shutdown_with(names["_thread_shutdown"])
    elif "_raddle_settles" not in names:
        # The threads themselves are in _shutdown_locks, as the interpreter's own are.
        names["_raddle_settles"] = True
        module._register_atexit(_raddle._settle)


def follow_forks(follow):
    """Have `follow()` called in each forked child, once raddle's own threads are forgotten."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=_raddle._before_fork,
            after_in_parent=_raddle._forked,
            after_in_child=follow,
        )
