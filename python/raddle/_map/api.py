"""`raddle.map` and `raddle.Pool`: one function, many inputs, every core.

What they promise is here. How a map moves over its inputs is in `thread_map` and
`message_map`; where tasks run, in `backends`.
"""

import _thread
import operator
import threading
from concurrent.futures import BrokenExecutor, CancelledError
from time import monotonic

from raddle._map import limits
from raddle._map.backends import known, make
from raddle._map.backends.base import ENDED, WorkerLost
from raddle._map.core_count import cores, parallel
from raddle._map.message_map import note
from raddle._map.raised import put_first
from raddle._map.short_repr import short

__all__ = ["Map", "Pool", "WorkerLost", "map"]

ERRORS = ("raise", "collect", "return")
MOST = 2**31 - 1  # of workers, and of results ahead


def map(
    fn,
    *iterables,
    workers=None,
    backend="threads",
    ordered=True,
    timeout=None,
    buffersize=None,
    progress=False,
    on_error="raise",
    each=None,
):
    """Call `fn` with each input on many workers; return an iterator over the results.

    Several iterables give `fn` several arguments, until the shortest ends. Inputs are pulled
    in the thread that takes the results, and only so far ahead as the workers need (or as
    `buffersize` allows): an endless generator works, and memory does not grow. Closing or
    dropping the iterator ends the work and the workers.

    workers: how many; raddle.cores() by default. backend: "threads", "cores" (whatever runs
    Python on every core here: threads, interpreters or processes), "interpreters", "processes",
    "dask", "dask://host:port" or a distributed.Client. ordered: give results in the order of
    the inputs, or as soon as they are there. timeout: seconds, from this call, after which
    taking a result raises TimeoutError. buffersize: how many inputs may be pulled and not yet
    returned. progress: show on stderr how far it is. on_error: "raise" ends the map with the
    first error; "collect" goes on, leaves failed inputs out and raises one ExceptionGroup at
    the end; "return" gives exceptions in the place of results. Each error has a note that names
    its input. each: seconds that each call has; after them it raises TimeoutError, and its
    worker goes on with the next (threads, processes and Dask; None: no limit).

    Raises TypeError and ValueError for arguments that make no sense, ImportError where an extra
    is missing, pickle.PicklingError for a function that cannot be sent to the workers,
    ConnectionError for a scheduler that does not answer; all of them at once. Counterpart:
    concurrent.futures.Executor.map, which pulls all inputs first and does not say which one
    failed.
    """
    settings = Settings(fn, iterables, ordered, timeout, buffersize, progress, on_error, each)
    workers = count(workers, backend)
    known(backend)
    settings.began = monotonic()
    made = make(backend, workers)
    settings.refuse(made)
    made.lasting = False
    return begin(made, settings, owned=True)


def count(workers, backend):
    """Return the number of workers that `workers` asks for."""
    if workers is None:
        from raddle._map.backends.default import Default

        return Default(cores())
    if isinstance(workers, bool) or not hasattr(type(workers), "__index__"):
        raise TypeError(
            f"workers has to be a whole number or None, not {type(workers).__name__!r}"
        )
    workers = operator.index(workers)
    if workers > MOST:
        raise ValueError(f"workers has to be at most {MOST}, not {short(workers, 60)}")
    if workers < 1:
        raise ValueError(
            f"workers has to be at least 1, not {workers}; leave it out for one a core"
        )
    return workers


def begin(backend, settings, owned, name="raddle.map"):
    """Return the iterator of a map: by the stream on threads, by a MessageMap elsewhere."""
    if backend.name != "threads" or backend.is_here():
        return Map(backend, settings, owned, name)
    from raddle._map.thread_map import StreamMap

    return StreamMap(backend, settings, owned, name)


class Settings:
    """The arguments of a map, checked."""

    def __init__(
        self, fn, iterables, ordered, timeout, buffersize, progress, on_error, each=None
    ):
        if not callable(fn):
            raise TypeError(
                f"{type(fn).__name__!r} object is not callable: the first argument is the "
                f"function itself, without parentheses, not {short(fn, 60)}"
            )
        if not iterables:
            raise TypeError("there is nothing to map over: pass at least one iterable")
        if on_error not in ERRORS:
            raise ValueError(
                f"on_error has to be one of {', '.join(ERRORS)}, not {short(on_error, 60)}"
            )
        if buffersize is not None:
            if isinstance(buffersize, bool) or not hasattr(type(buffersize), "__index__"):
                raise TypeError("buffersize has to be a whole number or None")
            if not 1 <= operator.index(buffersize) <= MOST:
                raise ValueError(
                    f"buffersize has to be from 1 to {MOST}, not {short(buffersize, 60)}"
                )
        timeout = _limit(timeout)
        self.each = each
        if each is not None:
            fn = limits.Each(fn, each)
        self.fn, self.iterables = fn, iterables
        self.star = len(iterables) > 1
        # Arguments, as tuples if there are several; and as tuples always.
        self.inputs = zip(*iterables, strict=False) if self.star else iter(iterables[0])
        self.source = self.inputs if self.star else zip(self.inputs, strict=False)
        self.ordered, self.timeout, self.buffersize = bool(ordered), timeout, buffersize
        self.progress, self.on_error = progress, on_error
        self.began = None

    def refuse(self, backend):
        """Raise ValueError for what this backend cannot do."""
        if self.each is not None:
            limits.refuse(backend, "each=")


def _limit(timeout):
    """Return the seconds of a timeout, None for no limit."""
    if timeout is None:
        return None
    if isinstance(timeout, (bool, str, bytes)) or not hasattr(type(timeout), "__float__"):
        raise TypeError(
            f"timeout has to be a number of seconds or None, not {short(timeout, 60)}"
        )
    seconds = float(timeout)
    if seconds != seconds or seconds < 0:
        raise ValueError(f"timeout has to be 0 seconds or more, or None, not {timeout}")
    return None if seconds > threading.TIMEOUT_MAX else seconds


class Map:
    """The results of one map, as they become ready. Also a context manager that closes it."""

    def __init__(self, backend, settings, owned, name="raddle.map"):
        self._backend = self._engine = self._progress = self._lender = None
        self._title = backend.title()
        self._entered = _thread.allocate_lock()  # held while a thread is inside next()
        self._errors = []
        self._taken = 0
        self._name, self._mode = name, settings.on_error
        self._owned = backend if owned else None
        try:
            began = settings.began
            self._deadline = None if settings.timeout is None else began + settings.timeout
            self._job = backend.job(settings.fn)
            self._pause = 0.5  # seconds between two looks at the workers' clocks
            self._look = None if parallel() or not self._job.timed else began + self._pause
            self._workers = backend.workers
            self._lender = backend
            backend.maps[id(self)] = None  # for gone()
            self._engine = backend.engine(
                self._job,
                settings.source,
                settings.buffersize,
                settings.ordered,
                settings.on_error == "raise",
            )
            if settings.progress:
                from raddle._map.progress import Progress, total

                title = backend.title if backend.choice is not None else None
                self._progress = Progress(total(settings.iterables), title=title)
            self._engine.fill()
        except BaseException as error:
            self._end(interrupted=not isinstance(error, Exception))
            raise

    def __iter__(self):
        return self

    def __next__(self):
        if not self._entered.acquire(False):
            raise ValueError("this map is being advanced already, by another thread")
        try:
            return self._next()
        except StopIteration:
            raise
        except BaseException as error:
            self._end(interrupted=not isinstance(error, Exception))
            self._keep_collected(error)
            raise
        finally:
            self._entered.release()

    def _next(self):
        while (engine := self._engine) is not None:
            if self._look is not None and monotonic() >= self._look:
                self._tell()
            try:
                outcome = engine.next(self._deadline)
            except (CancelledError, BrokenExecutor, RuntimeError) as error:
                if not self._lender.cancelled:
                    raise
                why = None if isinstance(error, CancelledError) else error
                raise CancelledError(ENDED) from why
            if outcome is None:
                if self._look is not None:
                    self._tell()
                self._end(done=True)
                if self._errors:
                    raise self._collected()
                break
            self._taken += 1
            if self._progress is not None:
                self._progress.add()
            error = outcome[2]
            if error is None:
                return outcome[3]
            error = note(outcome, self._name)
            if self._mode == "return":
                return error
            if self._mode == "collect":
                self._errors.append(error)
                continue
            engine = outcome = None  # the traceback would hold them, in a cycle
            try:
                self._fail(error)
            finally:
                del error
        raise StopIteration

    def _collected(self):
        errors, self._errors = self._errors, []
        text = f"{self._name}: {len(errors)} of {self._taken} inputs failed"
        return BaseExceptionGroup(text, errors)

    def _keep_collected(self, error):
        """Make what was collected the first context of the error that ends the map."""
        if self._errors:
            put_first(error, self._collected())

    def _fail(self, error):
        self._end()
        try:
            if isinstance(error, StopIteration):
                raise _stopped(error) from error
            raise error
        finally:
            del error, self  # the traceback would hold both, in a cycle

    def _tell(self):
        self._pause *= 2
        self._look = monotonic() + self._pause
        clocks = self._job.clocks()
        if clocks is not None:
            from raddle._map import gil_warning

            gil_warning.tell(clocks, cores(), parallel())

    def close(self):
        """End the map: nothing more is begun, and what has been begun is not waited for."""
        self._end()

    def _end(self, done=False, interrupted=False, wait=True):
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.cancel()
            if interrupted:
                self._job.interrupt()
        backend, self._owned = self._owned, None
        lender, self._lender = self._lender, None
        if lender is not None:
            self._title = lender.title()
            lender.gone(self, done)
        if backend is not None:
            if done:
                backend.shutdown()
            else:
                backend.abort(wait)
        progress, self._progress = self._progress, None
        if progress is not None:
            progress.end()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        # Perhaps in a thread of the backend's own, which could not wait for itself.
        self._end(wait=False)

    def __repr__(self):
        lender = self._lender
        if lender is None:
            return f"<{self._name} on {self._title}, ended>"
        return f"<{self._name} on {lender.title()}>"


class Pool:
    """Workers that are kept for many calls.

    workers, backend: as in raddle.map(). initializer, initargs: called first in each worker;
    if it raises, the pool is broken and submit() and map() raise BrokenExecutor.

    A context manager: its end waits for what was submitted; leaving it by an error cancels
    what has not begun, and leaving it by Ctrl-C does not wait either. shutdown() says what that
    means for a map whose results were not all taken.

    Using a pool's map() inside a task of the same pool is fine with threads: the task that
    waits does the work itself if no other worker is free. Other backends cannot reach the pool
    from a task, and raise an error that says so. Counterparts: concurrent.futures.Executor,
    multiprocessing.Pool.
    """

    def __init__(self, workers=None, backend="threads", initializer=None, initargs=()):
        self._backend = None
        workers = count(workers, backend)
        known(backend)
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer has to be callable")
        self._closed = False
        self._backend = make(backend, workers, initializer, tuple(initargs))
        self._backend.belong(self)

    @property
    def workers(self):
        """How many workers the pool has, or may start."""
        return self._backend.workers

    @property
    def backend(self):
        """The name of the backend; for "cores", of the one that was chosen."""
        return self._backend.name

    def submit(self, fn, /, *args, deadline=None, **kwargs):
        """Call fn(*args, **kwargs) in a worker; return a concurrent.futures.Future.

        deadline: seconds from now, also those in which no worker is free; the call then raises
        TimeoutError, and the worker goes on (threads and processes; None: no limit). Raises
        RuntimeError after shutdown(), BrokenExecutor if the initializer failed, and
        pickle.PicklingError for what cannot be sent to the workers.
        """
        self._check(fn)
        if deadline is not None:
            limits.refuse(self._backend, "deadline=", clock=True)
            fn = limits.Until(fn, deadline)
        return self._backend.submit(fn, args, kwargs)

    def map(
        self,
        fn,
        *iterables,
        ordered=True,
        timeout=None,
        buffersize=None,
        progress=False,
        on_error="raise",
        each=None,
    ):
        """As raddle.map(), on this pool's workers; closing the iterator leaves them here.

        timeout: seconds, from this call.
        """
        settings = Settings(
            fn, iterables, ordered, timeout, buffersize, progress, on_error, each
        )
        return self._map(settings, "Pool.map")

    def imap_unordered(self, fn, *iterables, **options):
        """As map(ordered=False): each result as soon as it is there."""
        return self.map(fn, *iterables, ordered=False, **options)

    def starmap(self, fn, iterable, **options):
        """As map(), each input being the tuple of one call's arguments."""
        settings = Settings(fn, (iterable,), **_options(options))
        settings.inputs = settings.source = (tuple(args) for args in iterable)
        settings.star = True
        return self._map(settings, "Pool.starmap")

    def _map(self, settings, name):
        # A task that is finished after shutdown() may still make maps on its own pool.
        settings.refuse(self._backend)
        self._check(settings.fn, nested=self._closed and self._backend.is_here())
        settings.began = monotonic()
        return begin(self._backend, settings, owned=False, name=name)

    def _check(self, fn, nested=False):
        if not callable(fn):
            raise TypeError(f"{type(fn).__name__!r} object is not callable")
        if self._closed and not nested:
            raise RuntimeError("cannot schedule new futures after shutdown")

    def shutdown(self, wait=True, *, cancel_futures=False):
        """Take no more tasks, and end the workers after the last one.

        A map in progress is not cut short: its remaining results can be taken as before, in
        this thread or another, and its end ends the last of the workers.

        wait: wait for all that was handed to the workers, and until they have ended; those that
        a map in progress needs end with it. cancel_futures: cancel what has not begun; a map in
        progress raises concurrent.futures.CancelledError in the place of what is missing then.
        Counterpart: concurrent.futures.Executor.shutdown().
        """
        self._closed = True
        self._backend.retire(wait, cancel_futures)

    def close(self):
        """Take no more tasks and wait for those that there are: shutdown()."""
        self.shutdown()

    def terminate(self):
        """End the workers now: cancel what has not begun, stop what can be stopped.

        A map in progress raises concurrent.futures.CancelledError.
        """
        self._closed = self._backend.cancelled = True
        self._backend.lasting = False
        self._backend.abort()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None or issubclass(kind, Exception):
            self.shutdown(cancel_futures=kind is not None)
        else:
            self.terminate()

    def __reduce__(self):
        raise TypeError(
            "a Pool cannot be sent to another process or interpreter: make one there, or call "
            "raddle.map() in the task"
        )

    def __repr__(self):
        state = ", closed" if self._closed else ""
        return f"<raddle.Pool of {self._backend.title()}{state}>"


def _options(options):
    known = {
        "ordered": True,
        "timeout": None,
        "buffersize": None,
        "progress": False,
        "on_error": "raise",
        "each": None,
    }
    if unknown := options.keys() - known.keys():
        raise TypeError(f"starmap() got an unexpected keyword argument {unknown.pop()!r}")
    return known | options


def _stopped(error):
    """Return what a StopIteration is raised as: it would look like the end of the results."""
    stopped = RuntimeError("the function raised StopIteration")
    for each in getattr(error, "__notes__", ()):
        stopped.add_note(each)
    return stopped
