"""The executor of threads: the half of it that starts and ends workers.

The other half, by which a call goes to its worker, is in Rust. See futures.py for the public
module.
"""

import _contextvars
import collections
import contextlib
import functools
import itertools
import sys
import types
import weakref
from concurrent.futures import _base
from concurrent.futures import thread as _thread
from concurrent.futures._base import CANCELLED, PENDING, CancelledError
from queue import Empty

from raddle import _raddle, threading
from raddle._futures.future import Future, stock
from raddle._threading import state

# What install() replaces in concurrent.futures.thread.
REPLACES = ("ThreadPoolExecutor",)

BrokenThreadPool = _thread.BrokenThreadPool
_StockExecutor = stock(_thread.ThreadPoolExecutor, _raddle._Executor)
_raddle._equip(executor_empty=Empty, executor_thread=vars(_thread))
_quick_submit = _raddle._Executor.submit
# Whether calls are made in copies of their submitters' contexts, as threads begin in their
# starters'.
_INHERITS = bool(getattr(sys.flags, "thread_inherit_context", False))
# Whether the iterator of map() goes on after a call's exception, as it does from 3.16 on.
MAP_GOES_ON = hasattr(_base, "_MapResultIterator")


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


def _threading():
    """Return the module whose locks and threads are used.

    What programs put into the patched module is used.
    """
    return _thread.threading if state.installed() else threading


_INITIALIZER_FAILED = "A thread initializer failed, the thread pool is not usable anymore"


def end_each(work_queue, end):
    """Call `end` for the futures of the calls in the queue, and take those out.

    What a callback or a signal's handler raises is raised when all have been ended.
    """
    futures, drained, raised = [], False, None
    while futures or not drained:
        try:
            if not drained:
                drained = True
                work_queue._drain(futures)
            while futures:
                end(futures[-1])
                futures.pop()
        except BaseException as error:
            raised = raised or error
    if raised is not None:
        raise raised


def cancel_each(work_queue):
    """Cancel the calls in the queue."""
    end_each(work_queue, _cancel)


def _cancel(future):
    if future.cancel() and future._state == CANCELLED:
        future.set_running_or_notify_cancel()  # No worker will.


def fail_each(work_queue, error):
    """End the calls in the queue with an error."""

    def end(future):
        if future._state in (PENDING, CANCELLED) and future.set_running_or_notify_cancel():
            future.set_exception(error)

    try:
        end_each(work_queue, end)
    except BaseException:
        _thread._base.LOGGER.critical("Exception in worker", exc_info=True)


def _leave(executor_reference):
    """The calling worker ends, with the run of schedules that it was started in."""
    executor, thread = executor_reference(), _threading().current_thread()
    if executor is not None and thread in executor._threads:
        executor._threads.discard(thread)
        executor._left()


def _worker(executor_reference, context, work_queue):
    """What a worker's thread runs."""
    # Initializing a worker may take long; others take its call meanwhile.
    arriving = type(context) is _WorkerContext and context.initializer is None
    if not arriving:
        work_queue._arrive()
    try:
        context.initialize()
    except BaseException as error:
        if getattr(error, "ends_threads", False):
            _leave(executor_reference)
            return
        _thread._base.LOGGER.critical("Exception in initializer:", exc_info=True)
        executor = executor_reference()
        if executor is not None:
            executor._initializer_failed()
        else:
            work_queue._close()
            fail_each(work_queue, BrokenThreadPool(_INITIALIZER_FAILED))
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
            except BaseException as error:
                if getattr(error, "ends_threads", False):
                    _leave(executor_reference)
                    return
                # The worker goes on: were it to end, calls in the queue might never be made.
                _thread._base.LOGGER.critical("Exception in worker", exc_info=True)
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
        _thread._base.LOGGER.critical("Exception in worker", exc_info=True)
    finally:
        context.finalize()


# What is to be done by the threads that start workers, by identifier, when they have done so.
_growing = {}


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
        kind = getattr(_thread, "WorkerContext", _Context)
        return kind.prepare(initializer, initargs)

    def __init__(
        self,
        max_workers=None,
        thread_name_prefix="",
        initializer=None,
        initargs=(),
        **ctxkwargs,
    ):
        if max_workers is None:
            cores = _thread.os  # What programs put there is theirs to see.
            count = getattr(cores, "process_cpu_count", cores.cpu_count)
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
        self._work_queue = _raddle._WorkQueue(_INHERITS)
        self._threads = set()
        self._shutdown_lock = _threading().Lock()
        prefix = thread_name_prefix or f"ThreadPoolExecutor-{self._counter()}"
        self._thread_name_prefix = prefix
        plain = (
            kind._adjust_thread_count is ThreadPoolExecutor._adjust_thread_count
            and kind.prepare_context.__func__ is ThreadPoolExecutor.prepare_context.__func__
        )
        self._begin(self._work_queue, max_workers, plain)

    @functools.cached_property
    def _idle_semaphore(self):
        """For a subclass that starts the standard library's workers, as that does."""
        return _threading().Semaphore(0)

    def submit(self, fn, /, *args, **kwargs):
        """Have a worker call `fn(*args, **kwargs)`; return the Future of the call.

        Raises RuntimeError after shutdown() and at the interpreter's exit, BrokenThreadPool if
        an initializer has failed.
        """
        # (A call by this code would be slow: see _quicken below. The builtin calls the next
        # three where it has to.)
        return _quick_submit(self, fn, *args, **kwargs)

    def _refuse(self):
        if self._broken:
            raise self.BROKEN(self._broken)
        if self._shutdown:
            raise RuntimeError("cannot schedule new futures after shutdown")
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    def _grow(self, future):
        """Start a worker, for the sake of `future`, whose call is in the queue."""
        me = threading.get_ident()
        if me in _growing:
            # This thread holds the locks: a destructor that submits has run while it held them.
            _growing[me].append((self, future))
            return
        later = _growing[me] = []
        try:
            self._start_worker_for(future)
        finally:
            del _growing[me]
            for executor, future in later:
                with contextlib.suppress(RuntimeError):  # The future has been cancelled.
                    executor._grow(future)

    def _start_worker_for(self, future):
        try:
            with _raddle.shield(), self._shutdown_lock, _thread._global_shutdown_lock:
                # (After shutdown(), the workers that are there do what was accepted.)
                if not _thread._shutdown and not (self._shutdown and self._threads):
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
        with _raddle.shield(), self._shutdown_lock, _thread._global_shutdown_lock:
            if _thread._shutdown or not self._work_queue._put_task(future, task):
                self._refuse()
            try:
                self._adjust_thread_count()
            except BaseException as error:
                if not self._threads or not isinstance(error, RuntimeError):
                    future.cancel()
                    raise
        return future

    def _adjust_thread_count(self):
        """Start a worker if there are calls without one; _shutdown_lock is held."""
        queue = self._work_queue
        count = len(self._threads)
        if count >= self._max_workers or not queue._is_short_of_workers():
            return

        def executor_is_gone(_, queue=queue):
            queue.put(None)

        thread = _threading().Thread(
            name=f"{self._thread_name_prefix or self}_{count}",
            target=_worker,
            args=(weakref.ref(self, executor_is_gone), self._create_worker_context(), queue),
        )
        queue._expect()
        try:
            if _INHERITS:
                # Its context is not to be that of the thread that happens to start it.
                _contextvars.Context().run(thread.start)
            else:
                thread.start()
        except BaseException:
            queue._arrive()
            raise
        self._started()
        self._threads.add(thread)
        _thread._threads_queues[thread] = queue

    def _initializer_failed(self):
        self._broken = _INITIALIZER_FAILED
        fail_each(self._work_queue, self.BROKEN(_INITIALIZER_FAILED))

    def map(self, fn, *iterables, timeout=None, chunksize=1, buffersize=None):
        """Return an iterator over `fn(*args)` for each of `zip(*iterables)`, in their order.

        All calls are submitted at once, or `buffersize` of them ahead of the one that is waited
        for. `timeout` is in seconds, from now; `chunksize` means nothing here. The iterator
        raises TimeoutError, and what a call has raised; calls that have not begun by then are
        cancelled. (From Python 3.16 on, it goes on after what a call has raised.)
        """
        if buffersize is not None and not isinstance(buffersize, int):
            raise TypeError("buffersize must be an integer or None")
        if buffersize is not None and buffersize < 1:
            raise ValueError("buffersize must be None or > 0")
        end = None if timeout is None else timeout + _base.time.monotonic()
        inputs = zip(*iterables, strict=False)
        ahead = inputs if buffersize is None else itertools.islice(inputs, buffersize)
        submit = self.submit
        futures = collections.deque([submit(fn, *args) for args in ahead])
        # The iterator does not keep the executor.
        more = None if buffersize is None else _Submitter(self, fn, inputs)
        if MAP_GOES_ON:
            return _Results(_results(futures, end, more, _outcome_or_cancel))
        return _results(futures, end, more, _result_or_cancel)

    def shutdown(self, wait=True, *, cancel_futures=False):
        """Accept no more calls; with `cancel_futures`, cancel those that have not begun.

        Returns when the workers have ended, or at once if not `wait`.
        """
        with _raddle.shield(), self._shutdown_lock:
            self._shutdown = True
        try:
            if cancel_futures:
                cancel_each(self._work_queue)
        finally:
            with _raddle.shield(), self._shutdown_lock:
                if not self._threads and self._work_queue.qsize():
                    # Its submitter is about to start a worker, too late to wait for.
                    self._start_last_worker()
                self._work_queue.put(None)
                threads = list(self._threads)
        if wait:
            for thread in threads:
                thread.join()

    def _start_last_worker(self):
        with contextlib.suppress(RuntimeError), _thread._global_shutdown_lock:
            if not _thread._shutdown:
                self._adjust_thread_count()

    __class_getitem__ = classmethod(types.GenericAlias)


for _method in vars(ThreadPoolExecutor).values():
    _function = getattr(_method, "__func__", _method)
    if isinstance(_function, types.FunctionType):
        _function.__module__ = ThreadPoolExecutor.__module__

_raddle._quicken(ThreadPoolExecutor.submit, _quick_submit)


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


class _Results:
    """The results of outcomes, (result, exception)s; an exception does not end it."""

    def __init__(self, outcomes):
        self._outcomes = outcomes

    def __iter__(self):
        return self

    def __next__(self):
        result, error = next(self._outcomes)
        if error is None:
            return result
        try:
            raise error
        finally:
            del self, error  # Its traceback names this frame.

    def close(self):
        """Cancel the calls that have not begun, and give no result any more."""
        self._outcomes.close()


def _results(futures, end, more, take):
    try:
        while futures:
            if more is not None:
                more(futures)
            # No reference stays here while the caller has the result.
            if end is None:
                yield take(futures.popleft())
            else:
                yield take(futures.popleft(), end - _base.time.monotonic())
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


def _outcome_or_cancel(future, timeout=None):
    try:
        error = future.exception(timeout)
        return (future.result() if error is None else None), error
    except CancelledError as cancelled:
        return None, cancelled
    finally:
        future.cancel()
        del future


state.complete(__name__)
