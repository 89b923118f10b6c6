"""A crew of daemon threads that take tasks from one queue, and can be told to stop.

Differs from the standard library's ThreadPoolExecutor in what a map needs: a worker that is
stuck does not keep the process alive after Ctrl-C, one that runs Python code can be asked to
stop, and each can be asked for its CPU clock.
"""

import _queue
import contextlib
import threading
import time
import weakref
from concurrent.futures import CancelledError, Executor, Future
from concurrent.futures.thread import BrokenThreadPool
from contextvars import Context, copy_context

from raddle._map.backends.base import ENDED
from raddle._map.backends.interrupt import Stopped, Target
from raddle._map.gil_warning import Clocks

_here = threading.local()


def current():
    """Return the crew that the calling thread works for, or None."""
    state = getattr(_here, "state", None)
    return None if state is None else state.crew()


class Task:
    """A call, the future that takes its outcome, whose it is, and what `run` makes it in."""

    __slots__ = ("args", "fn", "future", "kwargs", "owner", "within")

    def __init__(self, owner, fn, args, kwargs, within):
        self.future, self.within = Future(), within
        self.owner, self.fn, self.args, self.kwargs = owner, fn, args, kwargs

    def run(self):
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            if self.within is None:
                result = self.fn(*self.args, **self.kwargs)
            else:
                result = self.within(self.fn, *self.args, **self.kwargs)
        except BaseException as error:
            self.future.set_exception(error)
            self = None  # the traceback holds this frame
        else:
            self.future.set_result(result)


class State:
    """What the workers of one crew share; it does not keep the crew alive."""

    def __init__(self, crew, initializer, initargs):
        self.crew = weakref.ref(crew)
        self.initializer, self.initargs = initializer, initargs
        # Tasks. Once the crew is closed also None, which stays there: who takes it puts it
        # back, and leaves if nothing is behind it.
        self.tasks = _queue.SimpleQueue()
        self.idle = threading.Semaphore(0)
        self.lock = threading.Lock()  # guards the fields below
        self.workers = []
        self.present = 0  # how many of their threads run, or will, and have not begun to leave
        self.broken = None
        self.closed = self.aborted = self.exiting = False
        self.maps = {}  # see Crew.maps; not guarded: its steps are single calls


class Worker:
    """One thread of a crew."""

    def __init__(self, state, name):
        self.state = state
        self.refused = False  # start() has failed; guarded by the state's lock
        self.left = False  # no more counted as present; its own thread's
        self.busy = 0.0  # seconds inside tasks, by the wall clock
        self.since = None  # when the present task began
        self.target = Target(None)
        self.thread = threading.Thread(target=self.run, name=name, daemon=True)

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
            while (task := self._take()) is not None or not self._leaves():
                if task is not None:
                    self._work(task)
                del task
        except Stopped:
            pass  # only when the whole crew is ended
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
            _drain(state, broken)
            return False
        return True

    def _take(self):
        tasks = self.state.tasks
        try:
            return tasks.get_nowait()
        except _queue.Empty:
            self.state.idle.release()
        return tasks.get()

    def _leaves(self):
        """Return whether nothing is behind the None that was taken."""
        state = self.state
        with state.lock:
            try:
                behind = state.tasks.get_nowait()
            except _queue.Empty:
                behind = None
            state.tasks.put(None)
            if behind is None:
                state.present -= 1
                self.left = True
                return True
        self._work(behind)
        return False

    def _work(self, task):
        state = self.state
        if state.aborted:
            task.future.cancel()
            task.future.set_running_or_notify_cancel()
            return
        self.since = began = time.perf_counter()
        self.target.run(task.owner, task.run)
        self.since = None
        self.busy += time.perf_counter() - began


def _drain(state, error):
    while True:
        try:
            task = state.tasks.get_nowait()
        except _queue.Empty:
            return
        if task is None:
            continue
        if error is None:
            task.future.cancel()
            task.future.set_running_or_notify_cancel()
        elif task.future.set_running_or_notify_cancel():
            task.future.set_exception(error)


class Crew(Executor):
    """An executor over daemon threads, started as they are needed."""

    def __init__(self, workers, initializer=None, initargs=(), name="raddle"):
        self._state = State(self, initializer, initargs)
        self._max, self._name = workers, name

    def submit(self, fn, /, *args, **kwargs):
        return self.give(self, fn, args, kwargs, within=copy_context().run)

    def give(self, owner, fn, args, kwargs=None, late=False, alone=False, within=None):
        """Submit a task that strike(owner) interrupts; a `late` one also after shutdown().

        `within` is the run() of the context that it is for; None: of the worker's own.
        If a worker that it needs cannot be started, it waits for one of those that there are.
        Raises RuntimeError, and takes it back, if there is none, or for a task that is to run
        beside the others only (`alone`).
        """
        state = self._state
        task = Task(owner, fn, args, kwargs or {}, within)
        with state.lock:
            if state.broken is not None:
                raise state.broken
            if state.aborted:
                raise CancelledError(ENDED)
            if state.closed and not late:
                raise RuntimeError("cannot schedule new futures after shutdown")
            state.tasks.put(task)
            # Once it is closed the idle ones leave, without saying so to the semaphore.
            idle = not state.closed and state.idle.acquire(blocking=False)
            if not idle and state.present < self._max:
                try:
                    self._start_worker()
                except BaseException as error:
                    if alone or not state.present or not isinstance(error, Exception):
                        self._take_back(task)
                        raise
        if state.broken is not None:
            _drain(state, state.broken)
        return task.future

    def _start_worker(self):
        # The state's lock is held.
        state = self._state
        if state.closed:
            state.workers = [each for each in state.workers if each.thread.is_alive()]
        worker = Worker(state, f"{self._name}-{len(state.workers)}")
        state.workers.append(worker)
        state.present += 1
        try:
            # Its context is not to be that of the thread that happens to start it.
            Context().run(worker.thread.start)
        except BaseException:
            worker.refused = worker.left = True
            state.present -= 1
            state.workers.remove(worker)
            raise

    def _take_back(self, task):
        # The state's lock is held. A worker that there is may have taken the task meanwhile.
        task.future.cancel()
        tasks, others = self._state.tasks, []
        with contextlib.suppress(_queue.Empty):
            while True:
                others.append(tasks.get_nowait())
        for each in others:
            if each is not task:
                tasks.put(each)

    def has_more(self):
        """Return whether tasks wait for a worker."""
        state = self._state
        return state.tasks.qsize() > state.closed

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
            if not state.closed:
                state.closed = True
                state.tasks.put(None)
        if cancel_futures:
            self._cancel(now=False)
        if wait:
            for worker in list(state.workers):
                if worker.thread is not threading.current_thread():
                    worker.thread.join()

    def abort(self):
        """Cancel what has not begun, and interrupt the Python code of what has."""
        state = self._state
        state.closed = state.aborted = True  # Ctrl-C may have come while the lock was held
        self._cancel(now=True)
        self.strike(None)

    def _cancel(self, now):
        for end in list(self._state.maps.values()):
            end(now, CancelledError(ENDED))
        _drain(self._state, None)
        self._state.tasks.put(None)

    def strike(self, owner):
        """Interrupt the tasks of one owner that have begun, or of all for None."""
        for worker in list(self._state.workers):
            worker.target.strike(owner)

    def timer(self):
        """Return a Timer that begins now."""
        return Timer(self._state)

    def __del__(self):
        self._state.closed = True
        self._state.tasks.put(None)


class Timer:
    """What the workers of a crew have used since the timer was made."""

    def __init__(self, state):
        self._state = state
        self._began = time.perf_counter()
        self._before = {w: self._used(w) for w in state.workers}

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
        for worker in list(self._state.workers):
            if (used := self._used(worker)) is None:
                return None
            before = self._before.get(worker) or (0.0, 0.0, 0.0)
            spent = [now - then for now, then in zip(used, before, strict=True)]
            cpu, busy, starved = cpu + spent[0], busy + spent[1], starved + spent[2]
            most += spent[1] > 0
        return Clocks(cpu, busy, time.perf_counter() - self._began, most, starved)
