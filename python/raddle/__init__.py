"""raddle: Python's threading, rebuilt in Rust.

`from raddle import threading` is the drop-in module. `raddle.install()`, `raddle run app.py`
and RADDLE=1 in the environment make unmodified programs use it. Importing this package loads
neither `threading` nor the extension.

`raddle.map(fn, inputs)` and `raddle.Pool` spread work over threads, interpreters, processes or
a cluster, and `raddle.cores()` says how many cores there are.

Threads that end together: `raddle.Group`, `raddle.deadline()`, `raddle.shield()`,
`raddle.to_thread()`; `raddle.sync` has what `threading` lacks.

Why a program hangs: `raddle.configure()`, `raddle.deadlocks()`, `raddle.inversions()`,
`raddle.dump()`. Where a lock is missing: `raddle.races()`. What it waits for: `raddle.stats()`.
Why it fails now and then: `raddle.explore()` and `raddle.replay()`.

(For pytest, which looks for assertions in packages with plugins: PYTEST_DONT_REWRITE.)
"""

__version__ = "0.1.0"

__all__ = [
    "Cancelled",
    "DeadlockError",
    "GilBoundWarning",
    "Group",
    "Pool",
    "Task",
    "__version__",
    "checkpoint",
    "configure",
    "cores",
    "deadline",
    "deadlocks",
    "dump",
    "explore",
    "install",
    "installed",
    "inversions",
    "map",
    "races",
    "remaining",
    "replay",
    "shield",
    "sleep",
    "stats",
    "to_thread",
    "uninstall",
]

_HOMES = {
    "Cancelled": "_futures.cut",
    "DeadlockError": "_diagnose.deadlock",
    "GilBoundWarning": "_map.gil_warning",
    "Group": "_futures.group",
    "Pool": "_map.api",
    "Task": "_futures.task",
    "checkpoint": "_futures.cut",
    "configure": "_diagnose.settings",
    "cores": "_map.core_count",
    "deadline": "_futures.cut",
    "deadlocks": "_diagnose.deadlock",
    "dump": "_diagnose.dump.render",
    "explore": "_explore.api",
    "inversions": "_diagnose.lock_order",
    "map": "_map.api",
    "races": "_diagnose.race.told",
    "remaining": "_futures.cut",
    "replay": "_explore.api",
    "shield": "_futures.cut",
    "sleep": "_futures.cut",
    "stats": "_diagnose.contention.stats",
    "to_thread": "_futures.aio",
}
# What a map on threads imports besides. (A child that is forked while another thread imports
# something can never import that.)
_BESIDES = ("_map.thread_map", "_map.backends.default", "_map.backends.threads")

if type(__loader__).__module__ == "zipimport":
    # Nothing of it would work, and the error would name a module that is there.
    raise ImportError(
        f"raddle cannot be used from an archive ({__loader__.archive}), "
        "since no extension module can be loaded from one. Install it beside the archive, or "
        "have shiv or pex make one that unpacks itself."
    )


def __getattr__(name):
    """Load what costs imports when the first of it is asked for, all of it.

    For this function then goes: the interpreter specializes no look-up in a module that has it.
    """
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # First: up to 3.14, `dataclasses`, which is imported below, fails while another thread,
    # which asks for another name, is in the middle of importing this.
    import typing  # noqa: F401, I001
    import sys
    from importlib import import_module

    names = globals()
    names[name] = value = getattr(import_module(f"raddle.{_HOMES[name]}"), name)
    try:
        for other, home in _HOMES.items():
            if other not in names:
                names[other] = getattr(import_module(f"raddle.{home}"), other)
        for other in _BESIDES:
            import_module(f"raddle.{other}")
    except ImportError:
        return value  # Where the extension cannot be loaded: in a subinterpreter.
    except RuntimeError:
        # At the interpreter's exit. `concurrent.futures` cannot register for it any more.
        return value
    # Without a GIL another thread may have missed its name just before it was bound, and look
    # for this function next. To look at all threads' frames stops them where that is over.
    sys._current_frames()
    names.pop("__getattr__", None)
    return value


def __dir__():
    return sorted({*globals(), *__all__})


def install():
    """Put raddle's primitives in the place of the interpreter's, for the whole process.

    Modules that are loaded already are patched where they hold the replaced names; those
    imported later are patched as they come. Objects made before keep working. Calling it
    again changes nothing. Steps aside, with a warning, when gevent or eventlet patch threading.
    Raises ImportError where they have, and where the extension cannot be loaded (in a
    subinterpreter, for one). The standard library has no counterpart.
    """
    from raddle._install import patch

    patch.install()


def uninstall():
    """Put the interpreter's own primitives back; does nothing unless installed.

    Objects made meanwhile keep working.
    """
    from raddle._install import patch

    patch.uninstall()


def installed():
    """Return whether raddle's primitives are in the place of the interpreter's."""
    import sys

    state = sys.modules.get("raddle._threading.state")
    return state is not None and state.installed()
