"""gevent and eventlet, which put green threads in the place of what raddle replaces.

A program can use green threads or raddle. One that calls `monkey.patch_all()` was written for
green threads, and raddle may have been switched on from outside: so raddle steps aside, and
warns. Once threads are green, raddle cannot be installed.
"""

import sys  # (And nothing else: this is imported at the start of programs without threads.)

REPLACED = {"_thread", "threading", "queue", "_queue"}  # what both replace
_TOOLS = {"gevent": "gevent.monkey.patch_all()", "eventlet": "eventlet.monkey_patch()"}


def patched_by():
    """Return the name of the package that has made threads green, None if there is none."""
    # (Either module may be just being imported: it has no such function yet.)
    gevent = getattr(sys.modules.get("gevent.monkey"), "is_module_patched", None)
    if gevent is not None and any(map(gevent, REPLACED)):
        return "gevent"
    eventlet = getattr(sys.modules.get("eventlet.patcher"), "is_monkey_patched", None)
    if eventlet is not None and eventlet("thread"):
        return "eventlet"
    return None


def refuse(what):
    """Raise ImportError if threads are green: `what` would stop all of them at once."""
    name = patched_by()
    if name is not None:
        raise ImportError(
            f"{what} cannot be used: {name} has replaced threading with green threads. A "
            f"program can have one of the two: leave out raddle, or {_TOOLS[name]}."
        )


def imports_green():
    """Return whether what is imported now is built upon green threads of eventlet's.

    (It runs copies of `threading` and others, with a `_thread` of its own in sys.modules.)
    """
    return any(
        getattr(sys.modules.get(name), "__name__", name) != name
        for name in ("_thread", "threading")
    )
