"""What `raddle.install()` changes in `queue` and `_queue`; see patch.py for how.

A fresh copy of either is given raddle's exceptions in the place of its own.
"""


def replacements(module):
    """Return the names of a `queue` module that change, with their new values."""
    import raddle.queue  # noqa: F401  It imports what queues need once they are opened.
    from raddle import _raddle
    from raddle._threading.queues.errors import errors

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
    from raddle._threading.queues.errors import settled

    new = {"SimpleQueue": _raddle.SimpleQueue}
    if (known := settled()) is not None:
        new["Empty"] = known[0]
    return new
