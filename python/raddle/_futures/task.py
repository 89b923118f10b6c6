"""A call in a group: a future that can be cancelled while it runs."""

import contextvars
from concurrent.futures import CancelledError

from raddle import _raddle, threading
from raddle._futures.cut import Cancelled, complete, forget, of_another, swallowed
from raddle._futures.future import Future


class Task(Future):
    """A call that a group has started; made by `Group.start()`.

    A concurrent.futures.Future, with one difference: cancel() also ends a call that runs. The
    call's waits then raise `raddle.Cancelled`, and the future is cancelled once it has ended.
    `name` is that of its thread.
    """

    __module__ = "raddle"

    ended_by = None  # the Cancelled that it ended with
    _error = None
    _runs_in = None  # the identifier of its thread, while it runs
    _launched = False  # its start is over

    def __init__(self, call, name, scope, context, ended):
        super().__init__()
        self.name = name
        self._call = call
        self._scope = scope
        self._context = contextvars.copy_context() if context is None else context
        self._ended = ended
        self._told = threading.Event()
        self._starter = _raddle._ident()
        self._first = {}  # who has done first what is done once

    def cancel(self):
        """End the call: its waits raise `raddle.Cancelled`, now and until it has ended.

        Returns False if it had ended otherwise before, else True; does not wait.
        """
        if self.done():
            return self.cancelled()
        self._scope.cancel()
        return True

    def running(self):
        """Return whether the call has begun, and not ended."""
        return self._runs_in is not None and not self.done()

    def result(self, timeout=None):
        """Return what the call returned, or raise what it raised; as Future.result().

        timeout: seconds until it raises TimeoutError; None for no limit. Raises RuntimeError in
        the task itself, which would wait for its own end.
        """
        self._refuse_itself()
        try:
            return super().result(timeout)
        finally:
            del self  # An error that is raised has this frame.

    def exception(self, timeout=None):
        """Return what the call raised, or None; as Future.exception().

        timeout: seconds until it raises TimeoutError; None for no limit. Raises RuntimeError in
        the task itself, as result() does.
        """
        self._refuse_itself()
        return super().exception(timeout)

    def _refuse_itself(self):
        if self._runs_in == _raddle._ident() and not self.done():
            raise RuntimeError(f"task {self.name} waits for itself, and would never end")

    def _run(self):
        """Make the call, in its thread, and say how it ended; raises nothing."""
        if not self._is_first("begin", "thread"):
            return  # It was given up before it began.
        fn, args, kwargs = self._call
        self._call = None
        result = error = None
        scope = self._scope.__enter__()
        try:
            if not scope.ended:
                self._runs_in = _raddle._ident()
                result = self._context.run(fn, *args, **kwargs)
            else:
                error = Cancelled("had not begun", late=not scope.cancelled)
        except BaseException as raised:
            error = raised
        try:
            scope._leave()
        except BaseException as wrong:  # The call has left a scope of its own open.
            error = error or wrong
        place = forget()
        if error is None:
            if scope._cut:
                swallowed(place, 1)
        elif isinstance(error, CancelledError) and scope.ended:
            error = of_another(error, scope)
        del fn, args, kwargs
        self._context = None
        try:
            if self._is_first("tell", "thread"):
                is_cut = isinstance(error, Cancelled) and scope.ended
                self._tell(result, error, is_cut)
        finally:
            del self, result, error  # An error has this frame.

    def _is_first(self, what, who):
        """Whether `who` is the one that does this; another time, too, if it was interrupted."""
        return self._first.setdefault(what, who) == who

    def _give_up(self):
        """Have the call not begin; return whether it had not."""
        return self._is_first("begin", "nobody")

    def _dropped(self, future):
        """Called when a pool is done with the call: it may have refused to make it."""
        if (future.cancelled() or future.exception() is not None) and self._give_up():
            self._refuse()

    def _refuse(self):
        """Say that it was cancelled before it began."""
        self._tell(
            None, Cancelled("had not begun", late=not self._scope.cancelled), is_cut=True
        )

    def _abandon(self, where):
        """Say that it is cancelled though its thread goes on; return whether that is so."""
        if not self._is_first("tell", "group"):
            return False
        error = Cancelled("cannot be cancelled", where, not self._scope.cancelled)
        self._tell(None, error, is_cut=True)
        return True

    def _tell(self, result, error, is_cut):
        """Say how it ended; once more, if that was interrupted."""
        try:
            if not self.done():
                self._settle(result, error, is_cut)
        finally:
            self._runs_in = None
            self._ended(self)
            self._told.set()

    def _settle(self, result, error, is_cut):
        if error is None:
            self.set_result(result)
        elif is_cut:
            complete(error, late=not self._scope.cancelled)
            self.ended_by = error
            super().cancel()
            self.set_running_or_notify_cancel()
        else:
            self._error = error
            self.set_exception(error)

    def __repr__(self):
        state = "cancelled" if self.cancelled() else "ended" if self.done() else None
        state = state or ("runs" if self._runs_in is not None else "has not begun")
        return f"<raddle.Task {self.name!r}: {state}>"
