"""The exceptions that raddle's queues raise.

There can be several copies of `queue`: tests import fresh ones. raddle's classes are the same
in all of them, so their exceptions have to be the same, too: those of the first copy that is
patched or that raddle.queue imports.
"""

from raddle import _raddle

_errors: tuple | None = None  # (Empty, Full, ShutDown) that raddle's queues raise


def errors(module):
    """Return the exceptions of raddle's queues: `module`'s if none were settled before."""
    global _errors
    if _errors is None:
        shutdown = getattr(module, "ShutDown", None) or _make_shutdown()
        _errors = (module.Empty, module.Full, shutdown)
        _raddle._equip(empty=module.Empty, full=module.Full, shut_down=shutdown)
    return _errors


def _make_shutdown():
    """Make the exception that 3.11 and 3.12 lack."""

    class ShutDown(Exception):
        """Raised by put() and get() of a queue that was shut down."""

    ShutDown.__module__, ShutDown.__qualname__ = "queue", "ShutDown"
    return ShutDown


def settled():
    """Return them, or None if no copy of `queue` was met yet."""
    return _errors
