"""Error messages for the known mistakes with a Thread.

The texts begin as the standard library's do, and add what to write instead.
"""

import warnings

NOT_INITIALIZED = (
    "thread.__init__() not called: the __init__() of a Thread subclass "
    "has to begin with super().__init__()"
)
STARTED_TWICE = "threads can only be started once: to run the target again, make a new Thread"
NOT_STARTED = "cannot join thread before it is started: call its start() first"
JOINED_ITSELF = (
    "cannot join current thread: it would wait for itself for ever; "
    "join() is called by another thread"
)
DAEMON_TOO_LATE = (
    "cannot set daemon status of active thread: set it before start(), "
    "or write Thread(..., daemon=True)"
)


def check_target(target, args):
    """Raise TypeError at once for a target or args that the thread could only fail on."""
    if target is not None and not callable(target):
        kind = type(target).__name__
        shown = _short(target)
        raise TypeError(
            f"{kind!r} object is not callable: target got {shown}, which looks like the result "
            f"of a function; pass the function itself, without parentheses: {_suggest(target)}"
        )
    if (
        target is not None
        and not hasattr(args, "__iter__")
        and not hasattr(args, "__getitem__")
    ):
        kind = type(args).__name__
        cure = (
            "write args=()" if args is None else f"write args=({_short(args)},), with a comma"
        )
        raise TypeError(f"args must be an iterable, not {kind}: {cure}")


def _suggest(target):
    """`target=f` for the caller's `target=f(...)`, found in the line that made the mistake."""
    import linecache
    import os
    import re
    import sys

    frame = sys._getframe(1)
    here = os.path.dirname(os.path.dirname(__file__)) + os.sep
    while frame is not None and frame.f_code.co_filename.startswith(here):
        frame = frame.f_back
    if frame is not None:
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        written = re.search(r"target\s*=\s*([\w.]+)\s*\(", line)
        if written:
            return f"target={written[1]}"
    return "target=f, not target=f()"


def _short(value):
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def warn_nothing_to_run(thread):
    """Warn that a thread was started which has no target, unless it has a run() of its own."""
    if "run" in vars(thread):
        return
    warnings.warn(
        f"{thread.name} has nothing to run: its target is None and run() is not overridden; "
        "was target=f() written, which calls f at once, instead of target=f without "
        "parentheses?",
        RuntimeWarning,
        stacklevel=3,
    )


def explain_call(error, args):
    """Add a note to a TypeError with which the call of a target failed for its args."""
    if not isinstance(error, TypeError) or not isinstance(args, str):
        return
    # The call itself failed if no frame of the target's is on the traceback: the last one
    # is that of run().
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_name == "run" and traceback.tb_next is None:
            error.add_note(
                f"args is the string {_short(args)}, whose {len(args)} letters were passed "
                f"one by one; to pass it whole, write args=({_short(args)},), with a comma"
            )
            return
        traceback = traceback.tb_next
