"""gevent and eventlet, which put green threads in the place of what raddle replaces.

A program can have one of the two. Whoever calls `monkey.patch_all()` has written it for green
threads, and raddle may have been switched on from outside: so raddle steps aside, and says so.
Once threads are green, raddle cannot be installed.
"""

import sys  # (And nothing else: this is imported at the start of programs without threads.)

_OURS = {"_thread", "threading", "queue", "_queue"}  # what both replace
_TOOLS = {"gevent": "gevent.monkey.patch_all()", "eventlet": "eventlet.monkey_patch()"}


def patched_by():
    """Return the name of the package that has made threads green, None if there is none."""
    # (Either module may be just being imported: it has no such function yet.)
    gevent = getattr(sys.modules.get("gevent.monkey"), "is_module_patched", None)
    if gevent is not None and any(map(gevent, _OURS)):
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


def _step_aside(name):
    from raddle import patch

    if not patch.installed():
        return
    patch.uninstall()
    import warnings

    text = (
        f"raddle steps aside: {name} replaces threading with green threads, and the program "
        "goes on without raddle. Start it without raddle to be rid of this line."
    )
    warnings.warn(text, RuntimeWarning, stacklevel=_level(name))


def _level(name):
    """Return the stack level, for warn() in our caller, of the line that calls the package."""
    level, frame = 1, sys._getframe(1)
    passed = {"raddle", "zope", name}
    while frame.f_back is not None and _package(frame) in passed:
        level, frame = level + 1, frame.f_back
    return level


def _package(frame):
    return frame.f_globals.get("__name__", "").partition(".")[0]


def _told_by_gevent(event):
    """Step aside before gevent patches: its event names the module, or all at once."""
    kind = type(event).__name__
    one = kind == "GeventWillPatchModuleEvent" and event.module_name in _OURS
    if one or (kind == "GeventWillPatchAllEvent" and event.will_patch_module("thread")):
        _step_aside("gevent")


def watch_gevent(module):
    """Have gevent say when it is about to patch; nothing is swapped for that."""
    from gevent import events

    if _told_by_gevent not in events.subscribers:
        events.subscribers.append(_told_by_gevent)
    return {}


def watch_eventlet(module):
    """Step aside when `monkey_patch` is called; return what was swapped."""
    import functools

    from raddle import patch

    original = module.monkey_patch

    @functools.wraps(original)
    def monkey_patch(**on):
        _step_aside("eventlet")
        return original(**on)

    return patch.patch_names(module, {"monkey_patch": monkey_patch})
