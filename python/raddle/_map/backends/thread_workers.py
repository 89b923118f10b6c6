"""Threads that work for `raddle.map` and `raddle.Pool`: daemons that can be told to stop.

Their queue and their futures are those of `raddle.futures.ThreadPoolExecutor`. What differs is
what a map needs. A worker that is stuck does not keep the process alive after Ctrl-C. One that
runs Python code can be interrupted. And the CPU clock of each can be read.
"""

import sys
import threading
import time
import weakref
from concurrent.futures import CancelledError, Executor, _base
from concurrent.futures.thread import BrokenThreadPool
from contextvars import Context, copy_context

from raddle import _raddle
from raddle import threading as own
from raddle._futures.executor import cancel_each, fail_each
from raddle._futures.future import Future
from raddle._map.backends.base import ENDED
from raddle._map.backends.interrupt import Target
from raddle._map.gil_warning import Clocks
from raddle._map.raised import hidden_interrupt

# What start() raises where there can be no more threads now. Anything else may be what a
# signal's handler has raised meanwhile.
REFUSED = (RuntimeError, MemoryError)

_here = threading.local()


def current():
    """Return the Workers that the calling thread is one of, or None."""
    state = getattr(_here, "state", None)
    return None if state is None else state.workers()


class State:
    """What the threads of one executor share; it does not keep the executor alive."""

    def __init__(self, workers, most, initializer, initargs):
        self.workers = weakref.ref(workers)
        self.pool = None  # a weak reference to the raddle.Pool, for reports
        self.initializer, self.initargs = initializer, initargs
        # Calls. Once it is closed also None, which stays there: a worker that takes it puts it
        # back, and leaves if nothing is behind it.
        self.queue = _raddle._WorkQueue(limit=min(most, sys.maxsize))
        self.lock = _raddle._Guard()  # guards the fields below
        self.threads = []  # Workers
        self.present = 0  # how many of their threads run, or will, and have not begun to leave
        self.broken = None
        self.closed = self.aborted = self.exiting = False
        self.maps = {}  # see Workers.maps; not guarded: its steps are single calls

    def cancel(self):
        """Cancel the calls in the queue."""
        try:
            cancel_each(self.queue)
        finally:
            self._close_again()

    def fail(self, error):
        """End the calls in the queue with an error."""
        try:
            fail_each(self.queue, error)
        finally:
            self._close_again()

    def _close_again(self):
        # What empties the queue takes the None, too. (One too many does no harm.)
        if self.closed:
            self.queue.put(None)


class Worker:
    """One thread."""

    def __init__(self, state, name):
        self.state = state
        self.refused = False  # start() has failed; guarded by the state's lock
        self.left = False  # no more counted as present; its own thread's
        self.busy = 0.0  # seconds inside tasks, by the wall clock
        self.since = None  # when the present task began
        self.target = Target(None, _raddle._Guard())
        # (Where schedules are explored, its worker takes turns.)
        kind = threading if _raddle._time_of_turns() is None else own
        self.thread = kind.Thread(target=self.run, name=name, daemon=True)

    def run(self):
        state = self.state
        with state.lock:
            if self.refused:
                return  # Ctrl-C came in start(), when the thread was there already
        _here.state = state
        self.target.ident = self.thread.ident
        try:
            if state.initializer is not None and not self._begin():
                return
            while not (self._work() and self._leaves()):
                pass
        finally:
            if not self.left:
                with state.lock:
                    state.present -= 1

    def _begin(self):
        state = self.state
        try:
            state.initializer(*state.initargs)
        except BaseException as error:
            text = f"the initializer raised {type(error).__name__}: {error}"
            broken = BrokenThreadPool(text)
            broken.__cause__ = error
            with state.lock:
                state.broken = broken
            state.fail(broken)
            return False
        return True

    def _work(self, wait=True):
        """Make calls until the queue is closed; not `wait`: those that there are. Return if so.

        The thread goes on whatever a future of a program's own making does to it: were it to
        end, calls in the queue might never be made.
        """
        try:
            self.state.queue._work(self.call, wait)
        except BaseException as error:
            if getattr(error, "ends_threads", False):  # A run of schedules is over.
                raise SystemExit from None
            _base.LOGGER.critical("Exception in worker", exc_info=True)
            return False
        return True

    def _leaves(self):
        """Make the calls that are behind the None; return whether that was all."""
        state = self.state
        if not self._work(wait=False):
            state.queue.put(None)
            return False
        with state.lock:
            left = state.queue.empty()
            # For the next worker, or for this one, which a late call has kept.
            state.queue.put(None)
            if left:
                state.present -= 1
                self.left = True
            return left

    def call(self, task):
        """Make a call, between two looks at the clock."""
        owner, fn, args, kwargs, within = task
        if self.state.aborted:
            raise CancelledError(ENDED)
        if within is not None:
            fn, args = within, (fn, *args)
        self.since = began = time.perf_counter()
        try:
            return self.target.call(owner, fn, args, kwargs)
        finally:
            self.since = None
            self.busy += time.perf_counter() - began
            # An exception's traceback holds this frame.
            del self, task, owner, fn, args, kwargs, within


class Workers(Executor):
    """An executor over daemon threads, started as they are needed."""

    def __init__(self, workers, initializer=None, initargs=(), name="raddle"):
        self._state = State(self, workers, initializer, initargs)
        self._max, self._name = workers, name

    def belong(self, pool):
        """Say which raddle.Pool these work for."""
        self._state.pool = weakref.ref(pool)

    def submit(self, fn, /, *args, **kwargs):
        # (The owner is nobody that is interrupted by itself.)
        return self.give(self._state, fn, args, kwargs, within=copy_context().run)

    def give(self, owner, fn, args, kwargs=None, late=False, alone=False, within=None):
        """Submit a task that interrupt(owner) interrupts; a `late` one also after shutdown().

        `within` is the run() of the context that it is for; None: of the worker's own.
        If a worker that it needs cannot be started, it waits for one of those that there are.
        Raises RuntimeError, and takes it back, if there is none, or for a task that is to run
        beside the others only (`alone`).
        """
        state = self._state
        queue, future = state.queue, Future()
        with state.lock:
            if state.broken is not None:
                raise state.broken
            if state.aborted:
                raise CancelledError(ENDED)
            if state.closed and not late:
                raise RuntimeError("cannot schedule new futures after shutdown")
            queue._put_task(future, (owner, fn, args, kwargs or {}, within))
            if state.present < self._max and (state.closed or queue._is_short_of_workers()):
                # (Once it is closed the idle ones leave.)
                try:
                    self._start_worker()
                except BaseException as error:
                    if alone or not state.present or not isinstance(error, REFUSED):
                        self._take_back(future)
                        raise
        if state.broken is not None:
            state.fail(state.broken)
        elif state.aborted:
            state.cancel()
        return future

    def _start_worker(self):
        # The state's lock is held.
        state = self._state
        if state.closed:
            state.threads = [each for each in state.threads if each.thread.is_alive()]
        worker = Worker(state, f"{self._name}-{len(state.threads)}")
        state.threads.append(worker)
        state.present += 1
        before = sys.exception()
        try:
            # Its context is not to be that of the thread that happens to start it.
            Context().run(worker.thread.start)
        except BaseException as error:
            worker.refused = worker.left = True
            state.present -= 1
            state.threads.remove(worker)
            interrupt = hidden_interrupt(error, before)
            if interrupt is not None and interrupt is not error:
                raise interrupt from None
            raise

    def _take_back(self, future):
        # The state's lock is held. A worker that there is passes over what is cancelled.
        future.cancel()
        if not self._state.present:
            # Nothing else is in the queue, whose callbacks would run under the lock: each call
            # in it has a worker, or was taken back.
            self._state.cancel()

    def has_more(self):
        """Return whether tasks wait for a worker."""
        state = self._state
        return state.queue.qsize() > state.closed

    @property
    def maps(self):
        """The maps in progress, by any key: functions of (now, error) that cancel them."""
        return self._state.maps

    @property
    def exiting(self):
        """Whether the interpreter is about to end."""
        return self._state.exiting

    def shutdown(self, wait=True, *, cancel_futures=False, exiting=False):
        state = self._state
        with state.lock:
            state.exiting = state.exiting or exiting
            state.closed = True
            state.queue.put(None)
        if cancel_futures:
            self._cancel(now=False)
        if wait:
            for worker in list(state.threads):
                if worker.thread is not threading.current_thread():
                    worker.thread.join()

    def abort(self):
        """Cancel what has not begun, and interrupt the Python code of what has."""
        state = self._state
        state.closed = state.aborted = True  # Ctrl-C may have come while the lock was held
        self._cancel(now=True)
        self.interrupt(None)

    def _cancel(self, now):
        for end in list(self._state.maps.values()):
            end(now, CancelledError(ENDED))
        self._state.cancel()

    def interrupt(self, owner):
        """Interrupt the tasks of one owner that have begun, or of all for None."""
        for worker in list(self._state.threads):
            worker.target.interrupt(owner)

    def timer(self):
        """Return a Timer that begins now."""
        return Timer(self._state)

    def __del__(self):
        self._state.closed = True
        self._state.queue.put(None)


class Timer:
    """What the workers have used since the timer was made."""

    def __init__(self, state):
        self._state = state
        self._began = time.perf_counter()
        self._before = {w: self._used(w) for w in state.threads}

    def _used(self, worker):
        busy, since = worker.busy, worker.since
        if since is not None:
            busy += time.perf_counter() - since
        # Not time.pthread_getcpuclockid(): it must not be asked about a thread that has ended.
        try:
            with open(f"/proc/self/task/{worker.thread.native_id}/schedstat") as file:
                cpu, starved = (int(each) / 1e9 for each in file.read().split()[:2])
        except (OSError, ValueError):
            return None
        return cpu, busy, starved

    def read(self):
        """Return the Clocks; None if this system has no clock for a thread."""
        cpu = busy = starved = 0.0
        most = 0
        for worker in list(self._state.threads):
            if (used := self._used(worker)) is None:
                return None
            before = self._before.get(worker) or (0.0, 0.0, 0.0)
            spent = [now - then for now, then in zip(used, before, strict=True)]
            cpu, busy, starved = cpu + spent[0], busy + spent[1], starved + spent[2]
            most += spent[1] > 0
        return Clocks(cpu, busy, time.perf_counter() - self._began, most, starved)
