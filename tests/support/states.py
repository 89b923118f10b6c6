"""Futures in each of their states, and in either of the two ways in which they work."""

STATES = ["PENDING", "RUNNING", "CANCELLED", "CANCELLED_AND_NOTIFIED", "FINISHED", "FAILED"]


def opened(future):
    """Have the future work under its condition, as a look at one does."""
    assert future._condition
    return future


def in_state(make, state):
    """Make a future and take it to one of the STATES."""
    future = make()
    if state in ("RUNNING", "FINISHED", "FAILED"):
        assert future.set_running_or_notify_cancel() is True
    if state in ("CANCELLED", "CANCELLED_AND_NOTIFIED"):
        assert future.cancel() is True
    if state == "CANCELLED_AND_NOTIFIED":
        assert future.set_running_or_notify_cancel() is False
    if state == "FINISHED":
        future.set_result(7)
    if state == "FAILED":
        future.set_exception(KeyError("k"))
    return future
