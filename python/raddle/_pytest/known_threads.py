"""Threads that libraries keep: which may outlive a test, and which wake no other thread.

A thread is known by its name, or by the module that it comes from: that of its class, of the
function that it was started for, or of the object whose method that is. Everything here only
looks: no code of the program runs.
"""

import functools
import types
from fnmatch import fnmatchcase

from raddle._diagnose.program import attributes, stack

# They keep a thread once it is needed, until the process ends, or for as long as something
# global is there; what it does is theirs.
LASTING = (
    "tqdm._monitor",  # one for all bars, see tqdm.monitor_interval
    "sentry_sdk",  # what sends events, sessions and metrics
    "opentelemetry.sdk",  # what exports spans, logs and metrics
    "ddtrace",
    "debugpy",
    "pydevd",
    "_pydevd_bundle",
    "_pydev_bundle",
    "IPython.core.history",  # what saves the session's lines
    "ipykernel",
    "zmq.utils.garbage",
    "grpc._simple_stubs",  # what closes channels that nobody uses
    "multiprocessing.queues",  # what feeds a pipe
    "loky.backend.queues",
    "joblib.externals.loky.backend.queues",
    "multiprocessing.resource_sharer",
    "execnet",
    "pytest_timeout",
    "pytest_rerunfailures",
)
# They wake no thread: what waits for them does so with a timeout, or joins them.
QUIET = ("tqdm._monitor", "sentry_sdk", "pytest_timeout", "pytest_rerunfailures")
# A pool's threads that run nothing of the program's: the module, and the function.
_KEEPERS = {
    ("multiprocessing.pool", "Pool._handle_workers"),
    ("multiprocessing.pool", "Pool._handle_tasks"),
    ("multiprocessing.pool", "Pool._handle_results"),
}
# Where a worker of a pool waits for the next task, besides raddle's own: the module, the
# function and the kind of wait.
_IDLE = {
    ("multiprocessing.pool", "worker", "queue get"),
    ("anyio._backends._asyncio", "WorkerThread.run", "queue get"),
    ("trio._core._thread_cache", "WorkerThread._work", "lock"),
}
_NOTHING = (None, None)


def modules(thread):
    """Return the modules that a thread comes from."""
    found = {_module_of_class(kind) for kind in _kinds(thread)}
    for name in ("_target", "function"):
        called = _unwrapped(stack.fact(thread, name))
        if type(called) is types.MethodType:
            found |= {_module_of_class(kind) for kind in _kinds(called.__self__)}
            called = called.__func__
        if type(called) in (types.FunctionType, types.BuiltinFunctionType):
            found.add(called.__module__)
        elif called is not None:
            found |= {_module_of_class(kind) for kind in _kinds(called)}
    return {name for name in found if type(name) is str} - {"builtins", "threading"}


def matches(thread, patterns):
    """Return whether a thread's name, or a module it is from, is among patterns (fnmatch)."""
    names = {stack.fact(thread, "_name")}
    for module in modules(thread):
        parts = module.split(".")
        names |= {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
    names = [name for name in names if type(name) is str]
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def is_lasting(thread):
    """Return whether a thread is one that a library keeps."""
    return matches(thread, LASTING) or _function(thread) in _KEEPERS


def is_quiet(thread):
    """Return whether a thread is one that wakes no other."""
    return matches(thread, QUIET)


def is_idle(thread, kind, frame):
    """Return whether a thread is a pool's, with nothing to do.

    `kind` is that of its wait, or None; `frame` the innermost of the program's, or None.
    """
    if kind == "work":
        return True
    if kind is not None and frame is not None:
        module = dict.get(frame.f_globals, "__name__")
        return (module, frame.f_code.co_qualname, kind) in _IDLE
    # (The thread of a pool of processes: loky's is like the standard library's.)
    if not any(_name_of_class(each) == "_ExecutorManagerThread" for each in _kinds(thread)):
        return False
    pending = stack.fact(thread, "pending_work_items")
    return issubclass(type(pending), dict) and not dict.__len__(pending)


def _function(thread):
    called = _unwrapped(stack.fact(thread, "_target"))
    if type(called) is types.MethodType:
        called = called.__func__
    if type(called) is not types.FunctionType:
        return _NOTHING
    return called.__module__, called.__qualname__


def _unwrapped(called):
    while type(called) is functools.partial:
        called = called.func
    return called


def _kinds(value):
    return attributes.bases(value if issubclass(type(value), type) else type(value))


def _module_of_class(kind):
    return attributes.own(kind, "__module__")


def _name_of_class(kind):
    return type.__dict__["__name__"].__get__(kind)
