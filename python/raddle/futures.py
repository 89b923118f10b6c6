"""concurrent.futures, with its futures, and the way a task goes to its worker, in Rust.

`ThreadPoolExecutor`, `Future`, `wait` and `as_completed` are raddle's; the rest, processes and
interpreters included, is the standard library's own. Futures and executors are instances of the
standard library's classes and work with its functions, and with asyncio, also where raddle is
not installed. All versions have the parameters of the newest one.
"""

import collections
import itertools
import os
import time
import types
import weakref
from concurrent.futures import _base
from concurrent.futures import thread as _thread
from concurrent.futures._base import (
    ALL_COMPLETED,
    CANCELLED_AND_NOTIFIED,
    FINISHED,
    FIRST_COMPLETED,
    FIRST_EXCEPTION,
    BrokenExecutor,
    CancelledError,
    DoneAndNotDoneFutures,
    Executor,
    InvalidStateError,
)
from queue import Empty as _Empty

from raddle import _raddle, threading

TimeoutError = TimeoutError  # The builtin one, as in concurrent.futures.
BrokenThreadPool = _thread.BrokenThreadPool

__all__ = [
    "ALL_COMPLETED",
    "FIRST_COMPLETED",
    "FIRST_EXCEPTION",
    "BrokenExecutor",
    "CancelledError",
    "Executor",
    "Future",
    "InvalidStateError",
    "ProcessPoolExecutor",  # noqa: F822
    "ThreadPoolExecutor",
    "TimeoutError",
    "as_completed",
    "wait",
]
try:
    import _interpreters as _interpreters  # It is there, or there is no such executor.
except ImportError:
    pass
else:
    __all__ += ["InterpreterPoolExecutor"]  # noqa: F822


def _stock(kind, ours):
    """Return the standard library's class, also where patching has replaced it."""
    return next(base for base in kind.__mro__ if not issubclass(base, ours))


_StockFuture = _stock(_base.Future, _raddle.Future)
_StockExecutor = _stock(_thread.ThreadPoolExecutor, _raddle._Executor)
_stock_wait = getattr(_base.wait, "_stock", _base.wait)
_stock_as_completed = getattr(_base.as_completed, "_stock", _base.as_completed)


def __getattr__(name):
    if name in ("ProcessPoolExecutor", "InterpreterPoolExecutor") and name in __all__:
        from concurrent import futures

        return getattr(futures, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})


class Future(_raddle.Future, _StockFuture):
    """The result of a call that may not have ended yet; made by executors.

    concurrent.futures.Future, and an instance of it.
    """

    __module__ = "concurrent.futures._base"


def _log(what, future, error):
    """What the Rust side cannot raise."""
    if what == "callback":
        text = "exception calling callback for %r"
        _base.LOGGER.error(text, future, exc_info=error)
    else:
        text = "Future %s in unexpected state: %s"
        _base.LOGGER.critical(text, id(future), future._state)


_raddle._equip(Future, CancelledError, InvalidStateError, _Empty, _log, vars(_thread))

_NOTICED = (CANCELLED_AND_NOTIFIED, FINISHED)


def _are_native(fs):
    return all(isinstance(future, _raddle.Future) for future in fs)


def wait(fs, timeout=None, return_when=ALL_COMPLETED):
    """Wait until futures are done, for at most `timeout` seconds (None: no limit).

    `return_when` is FIRST_COMPLETED, FIRST_EXCEPTION or ALL_COMPLETED. Returns a named tuple of
    two sets, `done` and `not_done`. concurrent.futures.wait, and takes its futures, too.
    """
    fs = set(fs)
    if not _are_native(fs):
        return _stock_wait(fs, timeout, return_when)
    done = {future for future in fs if future._state in _NOTICED}
    pending = fs - done
    if pending and not _suffices(done, return_when):
        end = None if timeout is None else time.monotonic() + timeout
        watch = _raddle._Watch()
        try:
            late = {future for future in pending if not watch.add(future)}
            while True:
                done |= late
                pending -= late
                if not pending or _suffices(late, return_when):
                    break
                left = None if end is None else end - time.monotonic()
                late = set(watch.wait(left))
                if not late:
                    break
        finally:
            for future in pending:
                watch.remove(future)
    return DoneAndNotDoneFutures(done, pending)


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
    end = None if timeout is None else time.monotonic() + timeout
    fs = set(fs)
    if not _are_native(fs):
        yield from _stock_as_completed(fs, timeout)
        return
    total = len(fs)
    watch = _raddle._Watch()
    try:
        done = [future for future in fs if not watch.add(future)]
        fs.difference_update(done)
        while True:
            while done:
                # No reference stays here while the caller has the future.
                yield done.pop()
            if not fs:
                return
            left = None if end is None else end - time.monotonic()
            done = watch.wait(left)
            if not done:
                raise TimeoutError(f"{len(fs)} (of {total}) futures unfinished")
            fs.difference_update(done)
            done.reverse()
    finally:
        for future in fs:
            watch.remove(future)


wait._stock = _stock_wait
as_completed._stock = _stock_as_completed


class _Context:
    """What a worker begins with, for versions whose concurrent.futures has no WorkerContext."""

    @classmethod
    def prepare(cls, initializer, initargs):
        """Return a function that makes a context, and one that makes a task of a call."""
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        return (lambda: cls(initializer, initargs)), (
            lambda fn, args, kwargs: (fn, args, kwargs)
        )

    def __init__(self, initializer, initargs):
        self.initializer = initializer
        self.initargs = initargs

    def initialize(self):
        """Run in the worker before its first call."""
        if self.initializer is not None:
            self.initializer(*self.initargs)

    def finalize(self):
        """Run in the worker after its last call."""

    def run(self, task):
        """Make a call."""
        fn, args, kwargs = task
        return fn(*args, **kwargs)


_WorkerContext = getattr(_thread, "WorkerContext", _Context)


def _worker(executor_reference, context, work_queue):
    """What a worker's thread runs."""
    # A worker that has to be initialized first may take its time, and others take its call.
    arriving = getattr(context, "initializer", None) is None
    if not arriving:
        work_queue._arrive()
    try:
        context.initialize()
    except BaseException:
        _base.LOGGER.critical("Exception in initializer:", exc_info=True)
        executor = executor_reference()
        if executor is not None:
            executor._initializer_failed()
        return
    try:
        while True:
            try:
                item = work_queue._work(context.run, True, arriving)
                arriving = False
                if item is not None:
                    item.run(context)
                    item = None
                    continue
            except BaseException:
                # A callback's KeyboardInterrupt, say. The worker goes on: were it to end, calls
                # that are in the queue might never be made.
                _base.LOGGER.critical("Exception in worker", exc_info=True)
                continue
            executor = executor_reference()
            if _thread._shutdown or executor is None or executor._shutdown or executor._broken:
                if executor is not None:
                    executor._shutdown = True
                executor = None
                # From here on nothing comes in, and what has come in is done.
                work_queue._close()
                work_queue._work(context.run, wait=False)
                work_queue.put(None)  # For the next worker.
                return
            executor = None
    except BaseException:
        _base.LOGGER.critical("Exception in worker", exc_info=True)
    finally:
        context.finalize()


class ThreadPoolExecutor(_raddle._Executor, _StockExecutor):
    """Has calls made by up to `max_workers` threads, which are started as they are needed.

    `max_workers` is the number of cores and four more, at most 32, if None; the threads are
    named after `thread_name_prefix`; each begins by calling `initializer(*initargs)`. Raises
    ValueError unless `max_workers` is positive, TypeError for an initializer that cannot be
    called.
    concurrent.futures.ThreadPoolExecutor, and an instance of it.
    """

    __module__ = "concurrent.futures.thread"

    BROKEN = BrokenThreadPool

    _counter = itertools.count().__next__

    @classmethod
    def prepare_context(cls, initializer, initargs):
        """Return a function that makes a worker's context, and one that makes its tasks."""
        return _WorkerContext.prepare(initializer, initargs)

    def __init__(
        self,
        max_workers=None,
        thread_name_prefix="",
        initializer=None,
        initargs=(),
        **ctxkwargs,
    ):
        if max_workers is None:
            count = getattr(os, "process_cpu_count", os.cpu_count)
            max_workers = min(32, (count() or 1) + 4)
        if max_workers <= 0:
            raise ValueError(
                f"max_workers must be greater than 0, not {max_workers}; leave it out for as "
                "many as suit this machine"
            )
        kind = type(self)
        self._create_worker_context, self._resolve_work_item_task = kind.prepare_context(
            initializer, initargs, **ctxkwargs
        )
        self._initializer, self._initargs = initializer, initargs
        self._work_queue = _raddle._WorkQueue()
        self._threads = set()
        self._shutdown_lock = threading.Lock()
        prefix = thread_name_prefix or f"ThreadPoolExecutor-{self._counter()}"
        self._thread_name_prefix = prefix
        plain = (
            kind._adjust_thread_count is ThreadPoolExecutor._adjust_thread_count
            and kind.prepare_context.__func__ is ThreadPoolExecutor.prepare_context.__func__
        )
        self._begin(self._work_queue, max_workers, plain)

    # submit() is _raddle._Executor's, and calls the three that follow where it has to.

    def _refuse(self):
        if self._broken:
            raise self.BROKEN(self._broken)
        if self._shutdown:
            raise RuntimeError("cannot schedule new futures after shutdown")
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    def _grow(self, future):
        """Start a worker, for the sake of `future`, whose call is in the queue."""
        try:
            with self._shutdown_lock, _thread._global_shutdown_lock:
                if not _thread._shutdown:
                    self._adjust_thread_count()
        except RuntimeError:
            if not self._threads:
                future.cancel()
                raise
        except BaseException:
            future.cancel()
            raise
        if not self._threads and future.cancel():
            self._refuse()

    def _submit(self, fn, args, kwargs):
        """What submit() does for a subclass that has contexts or starts its own workers."""
        future = Future()
        task = self._resolve_work_item_task(fn, args, kwargs)
        with self._shutdown_lock, _thread._global_shutdown_lock:
            if _thread._shutdown or not self._work_queue._put_task(future, task):
                self._refuse()
            self._adjust_thread_count()
        return future

    def _adjust_thread_count(self):
        """Start a worker if there are calls without one; _shutdown_lock is held."""
        queue = self._work_queue
        searching, _ = queue._idle()
        count = len(self._threads)
        if count >= self._max_workers or queue.qsize() <= searching:
            return

        def executor_is_gone(_, queue=queue):
            queue.put(None)

        thread = threading.Thread(
            name=f"{self._thread_name_prefix or self}_{count}",
            target=_worker,
            args=(weakref.ref(self, executor_is_gone), self._create_worker_context(), queue),
        )
        queue._expect()
        try:
            thread.start()
        except BaseException:
            queue._arrive()
            raise
        self._started()
        self._threads.add(thread)
        _thread._threads_queues[thread] = queue

    def _initializer_failed(self):
        text = "A thread initializer failed, the thread pool is not usable anymore"
        self._broken = text
        for future in self._work_queue._drain():
            if future.set_running_or_notify_cancel():
                future.set_exception(self.BROKEN(text))

    def map(self, fn, *iterables, timeout=None, chunksize=1, buffersize=None):
        """Return an iterator over `fn(*args)` for each of `zip(*iterables)`, in their order.

        All calls are submitted at once, or `buffersize` of them ahead of the one that is waited
        for. `timeout` is in seconds, from now; `chunksize` means nothing here. The iterator
        raises TimeoutError, and what a call has raised; calls that have not begun by then are
        cancelled.
        """
        if buffersize is not None and not isinstance(buffersize, int):
            raise TypeError("buffersize must be an integer or None")
        if buffersize is not None and buffersize < 1:
            raise ValueError("buffersize must be None or > 0")
        end = None if timeout is None else timeout + time.monotonic()
        inputs = zip(*iterables, strict=False)
        ahead = inputs if buffersize is None else itertools.islice(inputs, buffersize)
        submit = self.submit
        futures = collections.deque([submit(fn, *args) for args in ahead])
        # The iterator does not keep the executor.
        more = None if buffersize is None else _Submitter(self, fn, inputs)
        return _results(futures, end, more)

    def shutdown(self, wait=True, *, cancel_futures=False):
        """Accept no more calls; with `cancel_futures`, cancel those that have not begun.

        Returns when the workers have ended, or at once if not `wait`.
        """
        with self._shutdown_lock:
            self._shutdown = True
            cancelled = self._work_queue._drain() if cancel_futures else ()
            self._work_queue.put(None)
        for future in cancelled:
            future.cancel()
        if wait:
            for thread in self._threads:
                thread.join()

    __class_getitem__ = classmethod(types.GenericAlias)


class _Submitter:
    """Submits one more call each time, as long as the executor and the inputs last."""

    def __init__(self, executor, fn, inputs):
        self._executor = weakref.ref(executor)
        self._fn = fn
        self._inputs = inputs

    def __call__(self, futures):
        executor = self._executor()
        if executor is not None:
            for args in itertools.islice(self._inputs, 1):
                futures.append(executor.submit(self._fn, *args))


def _results(futures, end, more):
    try:
        while futures:
            if more is not None:
                more(futures)
            # No reference stays here while the caller has the result.
            if end is None:
                yield _result_or_cancel(futures.popleft())
            else:
                yield _result_or_cancel(futures.popleft(), end - time.monotonic())
    finally:
        for future in futures:
            future.cancel()


def _result_or_cancel(future, timeout=None):
    try:
        try:
            return future.result(timeout)
        finally:
            future.cancel()
    finally:
        del future  # Its exception's traceback names this frame.
