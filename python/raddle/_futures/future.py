"""Futures, and waiting for many of them: the part of concurrent.futures that needs no threads.

See futures.py for the public module. What programs may replace in `concurrent.futures._base` is
looked up there when it is used.
"""

from concurrent.futures import _base
from concurrent.futures._base import (
    ALL_COMPLETED,
    CANCELLED_AND_NOTIFIED,
    FINISHED,
    FIRST_COMPLETED,
    FIRST_EXCEPTION,
    CancelledError,
    InvalidStateError,
)

from raddle import _raddle
from raddle._threading import state

# What install() replaces in concurrent.futures._base.
REPLACES = ("Future", "as_completed", "wait")


def stock(kind, ours):
    """Return the standard library's class, also where patching has replaced it."""
    return next(base for base in kind.__mro__ if not issubclass(base, ours))


_StockFuture = stock(_base.Future, _raddle.Future)
_stock_wait = getattr(_base.wait, "_stock", _base.wait)
_stock_as_completed = getattr(_base.as_completed, "_stock", _base.as_completed)


class Future(_raddle.Future, _StockFuture):
    """The result of a call that may not have ended yet; made by executors.

    concurrent.futures.Future, and an instance of it.
    """

    __module__ = "concurrent.futures._base"

    # What the standard library's class has is found in this one, too, by tools that replace it.
    vars().update(
        (name, value)
        for name, value in vars(_raddle.Future).items()
        if name in vars(_StockFuture) and not name.startswith("__")
    )


def _log(what, future, error):
    """What the Rust side cannot raise."""
    if what == "callback":
        text = "exception calling callback for %r"
        _base.LOGGER.error(text, future, exc_info=error)
    elif what == "worker":
        _base.LOGGER.critical("Exception in worker", exc_info=error)
    else:
        text = "Future %s in unexpected state: %s"
        _base.LOGGER.critical(text, id(future), future._state)


_raddle._equip(
    future=Future, cancelled=CancelledError, invalid_state=InvalidStateError, log=_log
)

_NOTICED = (CANCELLED_AND_NOTIFIED, FINISHED)


def _are_native(fs):
    return all(isinstance(future, _raddle.Future) for future in fs)


def wait(fs, timeout=None, return_when=ALL_COMPLETED):
    """Wait until futures are done, for at most `timeout` seconds (None: no limit).

    `return_when` is FIRST_COMPLETED, FIRST_EXCEPTION or ALL_COMPLETED. Returns a named tuple of
    two sets, `done` and `not_done`. Counterpart: concurrent.futures.wait,
    whose futures it takes, too.
    """
    fs = set(fs)
    if not _are_native(fs):
        return _stock_wait(fs, timeout, return_when)
    done = {future for future in fs if future._state in _NOTICED}
    pending = fs - done
    if pending and not _suffices(done, return_when):
        left, begun = timeout, _base.time.monotonic()
        watch = _raddle._Completed()
        try:
            late = {future for future in pending if not watch.add(future)}
            while True:
                done |= late
                pending -= late
                if not pending or _suffices(late, return_when):
                    break
                late = set(watch.wait(left, pending))
                if not late:
                    break
                if timeout is not None:
                    left = timeout - (_base.time.monotonic() - begun)
        finally:
            for future in pending:
                watch.remove(future)
    return _base.DoneAndNotDoneFutures(done, pending)


def _suffices(done, return_when):
    if return_when == FIRST_COMPLETED:
        return bool(done)
    if return_when == FIRST_EXCEPTION:
        return any(not one.cancelled() and one.exception() is not None for one in done)
    if return_when == ALL_COMPLETED:
        return False
    raise ValueError(f"Invalid return condition: {return_when!r}")


def as_completed(fs, timeout=None):
    """Iterate over futures as they are done, each of them once.

    Raises TimeoutError if they are not all done after `timeout` seconds (None: no limit).
    concurrent.futures.as_completed, and takes its futures, too.
    """
    end = None if timeout is None else timeout + _base.time.monotonic()
    fs = set(fs)
    if not _are_native(fs):
        iterator = _stock_as_completed(fs, timeout)
        fs = None  # No reference stays here while the caller has the future.
        yield from iterator
        return
    total = len(fs)
    watch = _raddle._Completed()
    try:
        done = [future for future in fs if not watch.add(future)]
        fs.difference_update(done)
        while True:
            while done:
                # No reference stays here while the caller has the future.
                yield done.pop()
            if not fs:
                return
            left = None if end is None else end - _base.time.monotonic()
            done = [] if left is not None and left < 0 else watch.wait(left, fs)
            if not done:
                raise _base.TimeoutError(f"{len(fs)} (of {total}) futures unfinished")
            fs.difference_update(done)
            done.reverse()
    finally:
        for future in fs:
            watch.remove(future)


wait._stock = _stock_wait
as_completed._stock = _stock_as_completed
state.complete(__name__)
