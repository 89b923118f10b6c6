"""concurrent.futures, with its futures, and the way a task goes to its worker, in Rust.

`ThreadPoolExecutor`, `Future`, `wait` and `as_completed` are raddle's; the rest, processes and
interpreters included, is the standard library's own. Futures and executors are instances of the
standard library's classes and work with its functions, and with asyncio, also where raddle is
not installed. All versions have the parameters of the newest one.
"""

import sys

# (Of the package: another thread that imports it takes the locks of its modules in this order.)
from concurrent.futures import (
    ALL_COMPLETED,
    FIRST_COMPLETED,
    FIRST_EXCEPTION,
    BrokenExecutor,
    CancelledError,
    Executor,
    InvalidStateError,
)

from raddle._futures.executor import ThreadPoolExecutor
from raddle._futures.future import Future, as_completed, wait

TimeoutError = TimeoutError  # The builtin one, as in concurrent.futures.

__all__ = [
    "ALL_COMPLETED",
    "FIRST_COMPLETED",
    "FIRST_EXCEPTION",
    "BrokenExecutor",
    "CancelledError",
    "Executor",
    "Future",
    "InvalidStateError",
    "ProcessPoolExecutor",  # noqa: F822
    "ThreadPoolExecutor",
    "TimeoutError",
    "as_completed",
    "wait",
]
if sys.version_info >= (3, 14):
    try:
        import _interpreters as _interpreters  # It is there, or there is no such executor.
    except ImportError:
        pass
    else:
        __all__ += ["InterpreterPoolExecutor"]  # noqa: F822


_LATER = [name for name in __all__ if name not in globals()]


def __getattr__(name):
    """Load the executors of processes and interpreters when they are first asked for.

    As the standard library's module does, so that a look-up costs the same in both. It goes
    with the last of them: the interpreter specializes no look-up in a module that has it.
    """
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from concurrent import futures

    names = globals()
    value = names[name] = getattr(futures, name)
    if all(later in names for later in _LATER):
        names.pop("__getattr__", None)
    return value


def __dir__():
    return sorted({*globals(), *__all__})
