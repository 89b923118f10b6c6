"""A map on threads: the engine is Rust's `Stream`, its interface is here.

Iterating it costs no Python but the inputs' and the function's own.
"""

import operator
import weakref
from concurrent.futures import CancelledError
from time import monotonic

from raddle._map.api import Map
from raddle._map.backends.base import ENDED
from raddle._map.core_count import cores, parallel
from raddle._raddle import Stream, _quicken_stream

AHEAD = 4  # inputs for each worker that are pulled and not yet returned
MOST = 1024  # how many these may become where inputs and tasks are quick
PLAIN = 16384  # and where the inputs are there already
FIRST_LOOK = 0.5  # seconds until the workers' clocks are looked at; then twice that, and so on
REST = 0.001  # seconds that a pool's thread waits for the next input of one map
TURN = 0.005  # seconds that it works for one map while others want it
THERE = {type(iter(each)) for each in (range(0), [], ())}  # iterators of what is in memory
SHOW = 0.05  # seconds between two looks at a progress bar


class StreamMap(Stream, Map):
    """The results of one map on threads, as they become ready."""

    def __new__(cls, backend, settings, owned, name="raddle.map"):
        """Begin a map on a backend of threads; it ends with the map that owns it."""
        hire = _Hire(backend.threads, owned)
        left = settings.timeout
        if left is not None:
            left = max(0, settings.began + left - monotonic())
        self = super().__new__(
            cls,
            settings.fn,
            settings.inputs,
            window=settings.buffersize or _most(settings.inputs),
            reach=settings.buffersize or AHEAD * backend.workers + AHEAD,
            ordered=settings.ordered,
            star=settings.star,
            on_error=settings.on_error,
            hire=hire,
            timeout=left,
            look=SHOW if settings.progress else FIRST_LOOK,
            name=name,
            crew=backend.workers,
        )
        hire.begin(self)
        self._hire = hire
        return self

    def __init__(self, backend, settings, owned, name="raddle.map"):
        self._threads, self._owned = backend.threads, backend if owned else None
        self._name, self._lender = name, backend
        self._wait = True
        self._timer = None if parallel() else self._threads.timer()
        self._pause = FIRST_LOOK
        self._told = monotonic() + FIRST_LOOK
        self._progress = None
        if settings.progress:
            from raddle._map.progress import Progress, total

            title = backend.title if backend.choice is not None else None
            self._progress = Progress(total(settings.iterables), title=title)
        try:
            self._begin(backend.workers)
        except BaseException as error:
            self._ended("failed" if isinstance(error, Exception) else "interrupted")
            raise

    # What follows overrides both bases: Map's engine is another.

    __iter__, __next__ = Stream.__iter__, Stream.__next__

    def close(self):
        """End the map: nothing more is begun, and what has been begun is not waited for."""
        Stream.close(self)

    def __del__(self):
        # Perhaps in a thread of its own, which could not wait for itself.
        self._wait = False
        Stream.close(self)

    def _look(self):
        now = monotonic()
        if self._progress is not None:
            self._progress.set(self.delivered())
        if self._timer is not None and now >= self._told:
            self._tell()
            self._pause *= 2
            self._told = now + self._pause
        if self._progress is not None:
            return SHOW
        return None if self._timer is None else self._told - now

    def _tell(self):
        from raddle._map import gil_warning

        clocks = gil_warning.Clocks(*self.clocks())
        if clocks.elapsed < gil_warning.ENOUGH:
            return  # what the kernel and the machine say takes longer to read than short maps
        kernel = self._timer.read()
        starved = 0.0 if kernel is None else kernel.starved
        gil_warning.tell(clocks._replace(starved=starved), cores(), parallel())

    def _ended(self, how):
        self._hire.end()
        lender, self._lender = self._lender, None
        if lender is not None:  # A map that could not begin ends twice.
            self._title = lender.title()
        if how == "interrupted":
            self._threads.interrupt(self._hire)
        try:
            if how == "done" and self._timer is not None:
                self._tell()  # This may raise: a warning can be an error.
        finally:
            backend, self._owned = self._owned, None
            if backend is not None:
                if how == "done":
                    backend.shutdown()
                else:
                    backend.abort(self._wait)
            progress, self._progress = self._progress, None
            if progress is not None:
                progress.set(self.delivered())
                progress.end()


_quicken_stream(StreamMap)


def _most(inputs):
    """Return how many inputs may be pulled ahead at most."""
    if type(inputs) not in THERE:
        return MOST
    return min(max(operator.length_hint(inputs), 1), PLAIN)


class _Hire:
    """Has one more thread work for a stream."""

    def __init__(self, threads, owned):
        self._threads, self._owned = threads, owned
        self._worker = self._stream = None

    def begin(self, stream):
        """Say for which stream."""
        self._worker, self._stream = stream.worker(), weakref.ref(stream)
        self._threads.maps[id(self)] = self._cancel

    def end(self):
        """The stream has ended."""
        self._threads.maps.pop(id(self), None)

    def _cancel(self, now, error):
        # The threads are told to cancel what has not begun, and `now` the rest as well.
        stream = self._stream()
        if stream is not None:
            stream._cancel(error, now)

    def __call__(self):
        """Called by the stream."""
        if self._owned:
            # The others will not be free before the stream's end.
            self._give(self._worker, alone=True)
        else:
            self._give(self._lend, False)

    def _give(self, work, *args, alone=False):
        if self._threads.exiting:
            raise RuntimeError("cannot schedule new futures after interpreter shutdown")
        # Also after shutdown(), which a map in progress outlives.
        future = self._threads.give(self, work, args, late=True, alone=alone)
        future.add_done_callback(self._has_ended)

    def _lend(self, again):
        """Work for a stream in a thread that others may need, too."""
        while self._worker(REST, TURN, again):
            again = True
            if self._threads.has_more() or self._threads.exiting:
                self._give(self._lend, True)
                return

    def _has_ended(self, future):
        stream = self._stream()
        if stream is None:
            return
        if future.cancelled():
            # The stream may need no more threads: nothing is wrong if it misses nothing.
            stream._cancel(CancelledError(ENDED), False)
        elif (error := future.exception()) is not None:  # The thread could not work at all.
            stream.fail(error)
