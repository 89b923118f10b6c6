"""The threads of a run share one core: a program is not to see that, nor what it starts.

Threads that C code starts do share it, until the program's end.
"""

import functools
import os
import sys

from raddle import _raddle, threading

# What starts other processes: the module, and the name. (A fork's child has all cores again.)
_STARTERS = (
    *(("_posixsubprocess", "fork_exec"), ("subprocess", "_fork_exec")),
    *(("os", "posix_spawn"), ("os", "posix_spawnp"), ("os", "system")),
    *(("posix", "posix_spawn"), ("posix", "posix_spawnp"), ("posix", "system")),
)


def replaced():
    """Yield what replaces what: (module, name, new) for each place."""
    for module, name in _STARTERS:
        if (module := sys.modules.get(module)) and name in vars(module):
            yield module, name, _apart(vars(module)[name])
    if hasattr(os, "sched_getaffinity"):
        yield os, "sched_getaffinity", _as_before(os.sched_getaffinity)
        yield os, "sched_setaffinity", _chosen(os.sched_setaffinity)


def _apart(real):
    return functools.wraps(real)(functools.partial(_raddle._on_all_cores, real))


def _as_before(real):
    @functools.wraps(real)
    def sched_getaffinity(pid, /):
        cores = _raddle._cores() if pid in (0, os.getpid()) else None
        return real(pid) if cores is None else set(cores)

    return sched_getaffinity


def _chosen(real):
    @functools.wraps(real)
    def sched_setaffinity(pid, mask, /):
        real(pid, mask)
        if pid in (0, os.getpid(), threading.get_native_id()):
            _raddle._choose_cores()

    return sched_setaffinity
