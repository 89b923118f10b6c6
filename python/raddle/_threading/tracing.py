"""Trace and profile functions for all threads, those included that are just being started.

A new thread takes the functions that were set when its start() was called, as the standard
library's does. The functions below also reach a thread that has not taken them yet. They become
those of the patched module, with its globals (_install/patch.py).

On 3.11, which has no such functions, nothing reaches into a thread that is running already.
"""

import sys as _sys
from threading import _active_limbo_lock, _limbo, setprofile, settrace


def settrace_all_threads(func):
    """Set `func` as the trace function of every thread, running now or started later.

    On 3.11: of this thread and of those started later. threading.settrace_all_threads (3.12).
    """
    settrace(func)
    with _active_limbo_lock:
        for thread in _limbo:
            if (beginning := vars(thread).get("_raddle_beginning")) is not None:
                beginning.trace = func
    getattr(_sys, "_settraceallthreads", _sys.settrace)(func)


def setprofile_all_threads(func):
    """Set `func` as the profile function of every thread, running now or started later.

    On 3.11: of this thread and of those started later. threading.setprofile_all_threads (3.12).
    """
    setprofile(func)
    with _active_limbo_lock:
        for thread in _limbo:
            if (beginning := vars(thread).get("_raddle_beginning")) is not None:
                beginning.profile = func
    getattr(_sys, "_setprofileallthreads", _sys.setprofile)(func)
