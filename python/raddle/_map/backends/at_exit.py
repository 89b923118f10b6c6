"""The interpreter's exit: pools finish what was submitted to them, maps are ended.

`threading._register_atexit` calls the newest first, before threads are waited for. Executors
register there when they start, and would wait for a map that nobody can take results from;
so each kind of backend registers anew, after its executor.
"""

import contextlib
import sys
import threading
import weakref

_live = weakref.WeakSet()
_kinds = set()


def watch(backend, kind):
    """End `backend` at exit, before whatever was registered for its kind so far."""
    _live.add(backend)
    if kind not in _kinds:
        _kinds.add(kind)
        with contextlib.suppress(RuntimeError):  # the exit has begun
            threading._register_atexit(_end)


def interrupted():
    """Return whether the program ends because of a Ctrl-C that nobody caught."""
    return getattr(sys, "last_type", None) is KeyboardInterrupt


def _end():
    while True:
        try:
            backend = _live.pop()
        except KeyError:  # (Nor would it do to ask first: one may die in between.)
            return
        try:
            backend.at_exit()  # which may add another one
        except BaseException:
            # A second Ctrl-C: nothing more is waited for.
            for each in (backend, *_live):
                with contextlib.suppress(Exception):
                    each.abort(wait=False)
            raise
