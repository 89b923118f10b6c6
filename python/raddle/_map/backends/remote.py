"""Backends whose workers share no objects with us: what travels, and what comes back."""

import functools
from concurrent.futures import CancelledError, Future
from concurrent.futures import wait as settle

from raddle._map.backends import pickling
from raddle._map.backends.base import ENDED, Backend, Job, Message, Reply, WorkerLost


class Remote(Backend):
    """A backend over an executor; it says how to send a message and what its loss means."""

    def __init__(self):
        super().__init__()
        self._flying = {}  # futures that are not done, as keys

    def pack(self, fn):
        """Return `fn` as bytes; PicklingError says what could not be pickled."""
        return pickling.function(fn, self.name)

    def deliver(self, message, function, data, time_slice):
        """Return a future of remote_work.run(function, data, time_slice) for that message."""
        raise NotImplementedError

    def lost(self, message, error):
        """Return a Reply for a message that was lost through no fault of an input, or raise."""
        raise error

    def send(self, message, function, data, time_slice):
        """Deliver a message; return its future."""
        future = self.deliver(message, function, data, time_slice)
        flying = self._flying  # and not `self`: a future may outlive what it was done by
        flying[future] = None
        future.add_done_callback(lambda future: flying.pop(future, None))
        return future

    def retire(self, wait, cancel):
        self.retiring = True  # first: a map that ends now looks at it second
        if cancel or not self.maps:
            super().retire(wait, cancel)
            return
        if wait:
            settle(list(self._flying))

    def gone(self, ended, done):
        super().gone(ended, done)
        if self.retiring and not self.maps:
            self.shutdown(wait=done)

    def submit(self, fn, args, kwargs):
        function = self.pack(functools.partial(fn, **kwargs) if kwargs else fn)
        message = Message(None, [args])
        data = [pickling.inputs(args, self.name)]
        promise = Promise(lambda: self.send(message, function, data, 0.0))
        promise.begin(self, message)
        return promise

    def job(self, fn):
        return RemoteJob(self, self.pack(fn))

    def read(self, message):
        """Return the Reply of a message whose future is done."""
        try:
            outcomes, seconds = message.future.result()
        except (Exception, CancelledError) as error:
            return self.lost(message, error)
        return taken(outcomes, seconds)


def taken(outcomes, seconds):
    """Return the Reply of what a worker sent."""
    size = sum(len(each) for each in outcomes if isinstance(each, bytes))
    return Reply([pickling.outcome(each) for each in outcomes], seconds, size)


class Promise(Future):
    """The future of one task in a worker, whose bytes become an object here."""

    inner = None

    def __init__(self, send):
        super().__init__()
        self._send = send

    def begin(self, backend, message):
        """Hand the message to a worker, perhaps not for the first time."""
        self.inner = message.future = self._send()
        message.future.add_done_callback(lambda _: self.settle(backend, message))

    def cancel(self):
        inner = self.inner
        return (inner is not None and inner.cancel()) or self.cancelled()

    def running(self):
        inner = self.inner
        return inner is not None and not self.done() and inner.running()

    def settle(self, backend, message):
        """Take over what came of the message."""
        if message.future.cancelled():
            super().cancel()
            self._let_go(message)
            self.set_running_or_notify_cancel()
            return
        try:
            reply = backend.read(message)
            if reply.moved:
                self.begin(backend, message)
                return
            outcomes = reply.outcomes
            if not outcomes:
                raise WorkerLost(
                    "it had not begun when a worker died"
                ) from message.future.exception()
            error, value = outcomes[0]
        except BaseException as reason:
            error = reason
        self.set_running_or_notify_cancel()
        self._let_go(message)
        if error is not None:
            self.set_exception(error)
        else:
            self.set_result(value)

    def _let_go(self, message):
        # The input's bytes, and the worker's future: its callbacks hold this one, and the pool.
        self._send = self.inner = message.future = None


class RemoteJob(Job):
    """One map on such a backend."""

    chunked = True

    def __init__(self, backend, function):
        self._backend, self._function = backend, function

    def send(self, message, done):
        if self._backend.cancelled:
            raise CancelledError(ENDED)
        data = []
        for position, args in enumerate(message.inputs):
            try:
                data.append(pickling.inputs(args, self._backend.name))
            except Exception as error:
                message.refused[position] = error
        message.size = sum(map(len, data))
        if data:
            message.future = self._backend.send(
                message, self._function, data, pickling.TIME_SLICE
            )
        else:
            message.future = Future()
            message.future.set_result(([], 0.0))
        message.future.add_done_callback(lambda _: done(message))

    def read(self, message):
        reply = self._backend.read(message)
        if message.refused:
            came, merged = iter(reply.outcomes), []
            for position in range(len(message.inputs)):
                if position in message.refused:
                    merged.append((message.refused[position], None))
                elif (outcome := next(came, None)) is not None:
                    merged.append(outcome)
                else:
                    break
            reply.outcomes = merged
        return reply

    def is_cancelled(self):
        return self._backend.cancelled

    def interrupt(self):
        # A worker's task cannot be stopped without the worker.
        self._backend.abort()
