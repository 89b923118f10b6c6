"""Stepping aside for gevent and eventlet, when they are about to make threads green."""

import sys

from raddle._threading import state
from raddle._threading.green import REPLACED


def _step_aside(name):
    if not state.installed():
        return
    from raddle._install import patch

    patch.uninstall()
    races = sys.modules.get("raddle._diagnose.race.watch")
    if races is not None:
        races.stop()  # (Green threads share one clock.)
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
    one = kind == "GeventWillPatchModuleEvent" and event.module_name in REPLACED
    if one or (kind == "GeventWillPatchAllEvent" and event.will_patch_module("thread")):
        _step_aside("gevent")


def _watch_gevent(module):
    """Subscribe to gevent's event before it patches; nothing is swapped for that."""
    from gevent import events

    if _told_by_gevent not in events.subscribers:
        events.subscribers.append(_told_by_gevent)
    return {}


def _watch_eventlet(module):
    """Step aside when `monkey_patch` is called; return what was swapped."""
    import functools

    from raddle._install import patch

    original = module.monkey_patch

    @functools.wraps(original)
    def monkey_patch(**on):
        _step_aside("eventlet")
        return original(**on)

    return patch.patch_names(module, {"monkey_patch": monkey_patch})


def watch(module):
    """Step aside when this module of either is used; return what was swapped."""
    watchers = {"gevent.monkey": _watch_gevent, "eventlet.patcher": _watch_eventlet}
    return watchers[module.__spec__.name](module)
