"""What `raddle.threading` takes over from the standard library's module, private names too.

At once, and not in a `__getattr__`: in a module that has one, the interpreter specializes no
look-up, so each costs more.
"""

import threading as _stdlib

# What that module's own functions bind anew is left out, as a copy would not follow: its hooks
# are in gettrace() and getprofile().
_REBOUND = ("_trace_hook", "_profile_hook", "_SHUTTING_DOWN")
# What a forked child's `threading` binds anew, which is followed.
_FORKED = ("_active_limbo_lock", "_main_thread", "_shutdown_locks", "_shutdown_locks_lock")


def borrow(names):
    """Add what `names`, a module's, lacks."""
    for name, value in vars(_stdlib).items():
        # (But for the names that the interpreter gives to each module for itself.)
        if name not in names and name not in _REBOUND and not name.startswith("__"):
            names[name] = value


def follow(names):
    """Take over what the standard library has bound anew in a forked child."""
    for name in _FORKED:
        if name in names:
            names[name] = getattr(_stdlib, name)
