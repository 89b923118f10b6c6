"""Where threads are ordered by what is not raddle's: event loops, and the end of the program.

A loop is woken through a socket, and keeps what it is to do in a deque of its own. (Loops that
are not asyncio's, as uvloop's, are left alone.) Up to 3.12 the end waits for locks of the
threads' states.
"""

import sys
import threading

from raddle import _raddle


class _Handed:
    """What a loop is to call, and what the thread had done that has handed it over."""

    __slots__ = ("_callback", "_sent")

    def __init__(self, callback):
        self._callback, self._sent = callback, _raddle._Sent()

    def __call__(self, *args):
        self._sent.receive()
        return self._callback(*args)

    def __repr__(self):
        return repr(self._callback)

    @property
    def __wrapped__(self):
        return self._callback


def see_the_end():
    """Have what comes after the last thread know so."""
    plain = threading._shutdown
    if sys.version_info >= (3, 13) or hasattr(plain, "_raddle"):
        return

    def _shutdown():
        plain()
        _raddle._race_ends()

    _shutdown._raddle = plain
    threading._shutdown = _shutdown


def see():
    """Have asyncio's loops know what they are handed, if asyncio is there by now."""
    module = sys.modules.get("asyncio.base_events")
    kind = getattr(module, "BaseEventLoop", None)
    plain = getattr(kind, "call_soon_threadsafe", None)
    if plain is None or hasattr(plain, "_raddle"):
        return

    def call_soon_threadsafe(self, callback, *args, context=None):
        """Like call_soon(), but thread-safe."""
        if self.get_debug():
            self._check_callback(callback, "call_soon_threadsafe")
        return plain(self, _Handed(callback), *args, context=context)

    call_soon_threadsafe._raddle = plain
    kind.call_soon_threadsafe = call_soon_threadsafe


def unsee():
    """Leave asyncio's loops alone again."""
    module = sys.modules.get("asyncio.base_events")
    kind = getattr(module, "BaseEventLoop", None)
    plain = getattr(getattr(kind, "call_soon_threadsafe", None), "_raddle", None)
    if plain is not None:
        kind.call_soon_threadsafe = plain
