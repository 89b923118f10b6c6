"""What `raddle.install()` changes in `queue` and `_queue`; see patch.py for how.

There can be several copies of either module: tests import fresh ones. raddle's classes are the
same in all of them, so that their exceptions have to be, too: those of the first copy that
raddle meets. A fresh copy is given them in the place of its own.
"""

_errors: tuple | None = None  # (Empty, Full, ShutDown) that raddle's queues raise


def errors(module):
    """Return the exceptions of raddle's queues: `module`'s if none were settled before."""
    global _errors
    if _errors is None:
        from raddle import _raddle

        shutdown = getattr(module, "ShutDown", None) or _make_shutdown()
        _errors = (module.Empty, module.Full, shutdown)
        _raddle._queue_errors(*_errors)
    return _errors


def _make_shutdown():
    """Make the exception that 3.11 and 3.12 lack."""

    class ShutDown(Exception):
        """Raised by put() and get() of a queue that was shut down."""

    ShutDown.__module__, ShutDown.__qualname__ = "queue", "ShutDown"
    return ShutDown


def replacements(module):
    """Return the names of a `queue` module that change, with their new values."""
    import raddle.queue  # noqa: F401  It imports what queues need once they are opened.
    from raddle import _raddle

    names = vars(module)
    empty, full, shutdown = errors(module)
    new = {"Empty": empty, "Full": full, "ShutDown": shutdown}
    for name in ("Queue", "LifoQueue", "PriorityQueue", "SimpleQueue"):
        new[name] = getattr(_raddle, name)
    if "ShutDown" not in names["__all__"]:
        new["__all__"] = [*names["__all__"], "ShutDown"]
    return new


def low_replacements(module):
    """Return the names of a `_queue` module that change, with their new values."""
    from raddle import _raddle

    new = {"SimpleQueue": _raddle.SimpleQueue}
    if _errors is not None:
        new["Empty"] = _errors[0]
    return new
