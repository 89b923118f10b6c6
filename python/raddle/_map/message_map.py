"""The engine of a map: a window over the inputs, moved on by the thread that takes the results.

Inputs are pulled in the consumer's thread, and only so far ahead as the window allows; results
are handed out as they become ready, in order or as they come. What a backend does is behind
`Job`. Rejected: a thread of its own that pulls. It would run the user's generator in another
thread, and somebody would have to end that thread.
"""

import _queue
import contextlib
from collections import deque
from concurrent.futures import CancelledError
from time import monotonic

from raddle._map.backends.base import Message
from raddle._map.chunk_size import ChunkSize
from raddle._map.short_repr import short

GLANCE = 0.001  # seconds of pulling inputs while a result is ready
SLICE = 0.2  # seconds of one wait: a signal that comes on the way into it is not seen
AHEAD = 4  # messages for each worker: one at work, the others ready or on their way
MISSING = object()


class MessageMap:
    """An iterator over outcomes, (index, inputs, error, value), of one map.

    `source` gives tuples of arguments. `limit` is how many inputs may be pulled and not yet
    handed out, or None for as many as keep the workers busy. With `halt`, the first error
    ends it: nothing after that input is begun. Not for several threads at once.
    """

    def __init__(self, job, source, workers, limit, ordered, halt):
        self._job, self._source = job, source
        self._limit, self._ordered, self._halt = limit, ordered, halt
        self._ahead = AHEAD * workers + 4
        self._chunk_size = ChunkSize() if job.chunked else None
        if job.chunked and limit is not None:
            self._chunk_size.most = max(1, limit // (2 * workers))
        self._ready = _queue.SimpleQueue()  # its put() may be called from anywhere
        self._flying = {}  # messages under way, oldest first
        self._again = deque()  # what has come back without having been begun
        self._early = {}  # outcomes by index, that wait for their turn
        self._turn = deque()  # outcomes in the order in which they came
        self._pulled = self._given = 0
        self._end = None  # after how many inputs to stop; None: not known yet
        self._broken = None  # what the iterable of inputs raised

    def fill(self):
        """Pull inputs and hand them out, as far as the window allows."""
        began = None
        while True:
            while self._again and not self._is_held_up():
                self._send(self._again.popleft())
            if self._is_held_up():
                return
            size = 1 if self._chunk_size is None else self._chunk_size.size
            outstanding = self._pulled - self._given
            limit = self._ahead * size if self._limit is None else self._limit
            if self._end is not None or outstanding + size > limit:
                return  # less than a whole message would bring small messages for ever
            now = monotonic()
            if began is None:
                began = now
            elif now - began > GLANCE and (self._turn or not self._ready.empty()):
                return
            self._pull(size, now)

    def _is_held_up(self):
        """Return whether nothing may be sent now, for the sake of what is to be alone."""
        if not self._flying:
            return False
        # One that flies alone is the only one.
        return next(iter(self._flying)).alone or bool(self._again and self._again[0].alone)

    def _pull(self, size, now):
        inputs = []
        try:
            for args in self._source:
                inputs.append(args)
                # Slow inputs do not hold up those that came before them.
                if len(inputs) >= size or monotonic() - now > GLANCE:
                    break
            else:
                self._end = self._pulled + len(inputs)
        except Exception as error:
            # Results of earlier inputs come first, as with the built-in map().
            self._end, self._broken = self._pulled + len(inputs), error
        if inputs:
            message = Message(self._pulled, inputs)
            self._pulled += len(inputs)
            self._send(message)

    def _send(self, message):
        self._flying[message] = None
        try:
            self._job.send(message, self._ready.put)
        except CancelledError as error:
            del self._flying[message]
            self._cut(message, error)

    def _cut(self, message, error):
        """The pool cancelled a message: end there, after the results before it."""
        self.stop(message.first - 1)
        self._broken = error

    def next(self, deadline):
        """Return the next outcome, None at the end; TimeoutError after `deadline`."""
        while True:
            self.fill()
            while not self._ready.empty():
                self._read(self._ready.get())
            if (outcome := self._take()) is not None:
                return outcome
            if self._end is not None and self._given >= self._end and not self._flying:
                if self._broken is not None:
                    error, self._broken = self._broken, None
                    raise error
                return None
            if not self._again or self._is_held_up():
                self._wait(deadline)

    def _take(self):
        if self._ordered:
            outcome = self._early.pop(self._given, None)
        else:
            outcome = self._turn.popleft() if self._turn else None
        if outcome is not None:
            self._given += 1
        return outcome

    def _wait(self, deadline):
        if self._job.nested:
            for message in list(self._flying):
                if self._job.help(message):
                    return  # it is in `ready` now
        left = SLICE if deadline is None else deadline - monotonic()
        if left <= 0:
            raise TimeoutError(
                f"input {self._given} has no result yet, and the map's time is over"
            )
        try:
            message = self._ready.get(timeout=min(left, SLICE))
        except _queue.Empty:
            message = None  # And no more: an interrupt here would be shown with this error.
        if message is not None:
            self._read(message)
        elif self._job.is_cancelled():
            raise CancelledError

    def _read(self, message):
        if self._flying.pop(message, MISSING) is MISSING:
            return
        try:
            reply = self._job.read(message)
        except CancelledError as error:
            self._cut(message, error)
            return
        finally:
            message.future = None  # its callbacks hold the message
        count = len(reply.outcomes)
        if self._chunk_size is not None and count:
            self._chunk_size.learn(count, reply.seconds, reply.size + message.size)
        for position in range(count):
            index = message.first + position
            error, value = reply.outcomes[position]
            outcome = (index, message.inputs[position], error, value)
            if error is not None and self._halt:
                self.stop(index)
            if self._ordered:
                if self._end is None or index < self._end:
                    self._early[index] = outcome
            elif error is not None and self._halt:
                self._turn.appendleft(outcome)
            else:
                self._turn.append(outcome)
        left = len(message.inputs) - count
        step, alone = 1 if reply.split else left, message.alone or reply.alone
        for at in range(count, len(message.inputs), step or 1):
            rest = Message(message.first + at, message.inputs[at : at + step])
            rest.alone = alone
            if self._end is None or rest.first < self._end:
                self._again.append(rest)
        if alone:
            # Those come first, in their order: nothing else is sent while one is there.
            self._again = deque(sorted(self._again, key=lambda m: (not m.alone, m.first)))

    def stop(self, index):
        """Pull no more, and give up what has not been begun of the inputs after `index`."""
        if self._end is None or index + 1 < self._end:
            self._end, self._broken = index + 1, None
            self._job.forget(index)
            for message in list(self._flying):
                if message.first > index and message.future.cancel():
                    self._flying.pop(message, None)
                    message.future = None
            self._again = deque(m for m in self._again if m.first <= index)
            for late in [i for i in self._early if i > index]:
                del self._early[late]

    def cancel(self):
        """Give up everything that has not been begun, and forget the rest."""
        self._end = self._given
        self._broken = None
        self._source = iter(())
        self._job.forget(-1)
        flying, self._flying = self._flying, {}
        for message in list(flying):
            if message.future is not None:
                message.future.cancel()
                message.future = None
        self._again.clear()
        self._early.clear()
        self._turn.clear()


def note(outcome, name):
    """Return the error of an outcome, with a note that says which input it was."""
    index, args, error, _ = outcome
    shown = short(args[0] if len(args) == 1 else args)
    with contextlib.suppress(Exception):  # one that takes no notes is still the task's own
        error.add_note(f"{name}: input {index}: {shown}")
    return error
