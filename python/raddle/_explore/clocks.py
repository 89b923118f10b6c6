"""The clocks of threads that take turns: time stands still while they run.

`time` has others in its place while something is explored, and so has each module that has
imported their names. What waits for the system keeps the system's time.
"""

import functools
import importlib.util
import sys
import time
import types
import weakref

from raddle import _raddle

MACHINE = "_time_machine"
NAMES = ("monotonic", "perf_counter", "monotonic_ns", "perf_counter_ns", "time", "time_ns")


class Modules(dict):
    """Says of a module, by its name, whether it is one of some, or in one of them."""

    def __init__(self, *names):
        super().__init__()
        self._names = names

    def __missing__(self, name):
        parts = name.split(".") if isinstance(name, str) else []
        begins = (".".join(parts[:count]) for count in range(1, len(parts) + 1))
        known = self[name] = any(each in self._names for each in begins)
        return known


# What waits for the system.
_REAL = Modules(
    *("multiprocessing", "concurrent.futures.process", "selectors", "select"),
    *("subprocess", "socket", "ssl", "socketserver", "_pytest", "pytest", "pluggy", "xdist"),
    *("execnet", "pytest_timeout", "raddle", "threading", "queue", "gevent", "eventlet"),
    *("trio", "anyio", "uvloop", "distributed", "loky", "tornado.ioloop"),
)
_places = weakref.WeakKeyDictionary()  # by module, in which names it has a clock of `time`
_seen = weakref.WeakSet()  # modules that were looked at


def _keeps_real_time():
    """Return whether the caller of a clock is such a module, or C code."""
    try:
        return _REAL[sys._getframe(2).f_globals.get("__name__")]
    except ValueError:
        return True


def clock(name, since=0):
    """Return a clock of the module `time`, in seconds or nanoseconds, as it is in a run.

    since: the nanoseconds that it is ahead of the monotonic clock.
    """
    real, now, plain = getattr(time, name), _raddle._time_of_turns, name.endswith("_ns")

    @functools.wraps(real)
    def clock():
        if _keeps_real_time() or (nanos := now()) is None:
            return real()
        return nanos + since if plain else (nanos + since) / 1e9

    return clock


def replaced(slept):
    """Return what replaces what: (module, name, new) for each place; `slept` is for sleep()."""
    wall = time.time_ns() - time.monotonic_ns()
    new = {id(time.sleep): slept}
    # (time-machine writes into the functions of `time`: they have to be the system's.)
    names = [name for name in NAMES if not (name.startswith("time") and _is_there(MACHINE))]
    for name in names:
        ahead = wall if name.startswith("time") else 0
        new[id(getattr(time, name))] = clock(name, ahead)
    out = [(time, name, new[id(getattr(time, name))]) for name in ("sleep", *names)]
    for module, names in _imported(new):
        for name in names:
            value = vars(module).get(name)
            if id(value) in new:
                out.append((module, name, new[id(value)]))
    return out


def _is_there(module):
    return module in sys.modules or importlib.util.find_spec(module) is not None


def _imported(new):
    """Yield (module, names) for those that have imported names of clocks."""
    for module in list(sys.modules.values()):
        if type(module) is not types.ModuleType or module is time:
            continue
        if module not in _seen:
            _seen.add(module)
            name = module.__dict__.get("__name__")
            if name == "time" or _REAL[name]:
                continue
            found = [key for key, value in list(vars(module).items()) if id(value) in new]
            if found:
                _places[module] = found
    yield from list(_places.items())
