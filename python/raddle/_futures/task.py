"""A call in a group: a future that can be cancelled while it runs."""

import contextvars

from raddle import _raddle, threading
from raddle._futures.cut import Cancelled, complete
from raddle._futures.future import Future


class Task(Future):
    """A call that a group has started; made by `Group.start()`.

    A concurrent.futures.Future, with one difference: cancel() also ends a call that runs. The
    call's waits then raise `raddle.Cancelled`, and the future is cancelled once it has ended.
    `name` is that of its thread.
    """

    __module__ = "raddle"

    def __init__(self, call, name, scope, context, ended):
        super().__init__()
        self.name = name
        self.ended_by = None  # the Cancelled that it ended with
        self._call = call
        self._scope = scope
        self._context = contextvars.copy_context() if context is None else context
        self._ended = ended
        self._runs_in = None  # the identifier of its thread, while it runs
        self._error = None
        self._told = threading.Event()
        self._claim = threading.Lock()  # taken by what says how it ended

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
        return super().result(timeout)

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
        fn, args, kwargs = self._call
        self._call = None
        self._runs_in = _raddle._ident()
        result = error = None
        scope = self._scope.__enter__()
        try:
            if not scope.ended:
                result = self._context.run(fn, *args, **kwargs)
            else:
                error = Cancelled("had not begun", late=not scope.cancelled)
        except BaseException as raised:
            error = raised
        finally:
            scope._leave()
        del fn, args, kwargs
        self._context = None
        if self._claim.acquire(False):
            self._settle(result, error, scope)
            self._runs_in = None
            self._end()

    def _abandon(self, where):
        """Say that it is cancelled though its thread goes on; return whether that was new."""
        if not self._claim.acquire(False):
            return False
        error = Cancelled("cannot be cancelled", where, not self._scope.cancelled)
        self._settle(None, error, self._scope)
        self._end()
        return True

    def _settle(self, result, error, scope):
        if error is None:
            self.set_result(result)
        elif isinstance(error, Cancelled) and scope.ended:
            complete(error, late=not scope.cancelled)
            self.ended_by = error
            super().cancel()
            self.set_running_or_notify_cancel()
        else:
            self._error = error
            self.set_exception(error)

    def _end(self):
        self._ended(self)
        self._told.set()

    def __repr__(self):
        state = "cancelled" if self.cancelled() else "ended" if self.done() else None
        state = state or ("runs" if self._runs_in is not None else "has not begun")
        return f"<raddle.Task {self.name!r}: {state}>"
