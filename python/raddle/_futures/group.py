"""Threads that end together: a `with` block that ends when all its threads have.

The block's scope is a token of the core, and each task's is a child of it: cancelling the group
wakes all that wait in it, and all that wait in the groups of its tasks. Nothing here looks at a
clock: a deadline is the token's.
"""

import itertools
import os
import weakref
from concurrent.futures import CancelledError

from raddle import _raddle, threading
from raddle._diagnose.dump import render
from raddle._diagnose.program import stack
from raddle._futures import reach
from raddle._futures.cut import Cancelled, complete, forget, of_another, passed, swallowed
from raddle._futures.task import Task

ON_ERROR = ("cancel", "continue")
MOST = 40  # tasks of a group, and groups inside each other, that a dump shows
LEAVING = 16  # threads with nothing left to do, before a group looks which of them are gone
LOOK = 0.05  # seconds between two looks at a task that may be left behind

_number = itertools.count(1)
# References to the groups whose blocks have begun, and not ended, by their ids. (One that is
# nobody's is not kept: a handler may have raised between its `__enter__` and its block.)
_open = {}


class Group(_raddle._Block):
    """A `with` block whose threads have all ended when it ends.

    deadline: seconds for all of it, from its beginning; None for no limit. name: what its
    threads and reports are called by. on_error: "cancel" ends the other tasks when one fails,
    "continue" lets them go on. first: the first task that succeeds ends the others; result() is
    its result. pool: a `raddle.Pool` of threads whose workers make the calls, instead of a
    thread for each. grace: seconds that code which computes, and so never waits, is left alone
    once the group has ended; then `raddle.Cancelled` is raised in it as well. None for ever;
    not given, that of the scope around, or 0.1. abandon: a task that does not end then, as it
    is in C code, is left behind as a daemon thread, and named; otherwise the block waits for
    it, and it is named.

    What tasks, or the block, have raised comes out as an ExceptionGroup, a single error as
    well. Tasks that were cancelled are left out. If the deadline has passed, the block raises
    TimeoutError, which says what each still waited for; if there were errors, it is one of the
    group. What Ctrl-C raises in the block is raised as it is, with the others as its cause.

    Groups nest: a group in a task, or in the block, ends with this one. The standard library
    has `asyncio.TaskGroup` for coroutines, and nothing for threads.
    """

    __module__ = "raddle"

    def __init__(
        self,
        *,
        deadline=None,
        name=None,
        on_error="cancel",
        first=False,
        pool=None,
        grace=0.1,
        abandon=False,
    ):
        super().__init__()  # `deadline` and `grace` are in the scope that it has made.
        if on_error not in ON_ERROR:
            raise ValueError(f"on_error is one of {', '.join(ON_ERROR)}, not {on_error!r}")
        if name is not None and not isinstance(name, str):
            raise TypeError(f"a group's name is a str, not {name!r}")
        if pool is not None and getattr(pool, "backend", None) != "threads":
            raise TypeError(f"a group's pool is a raddle.Pool of threads, not {pool!r}")
        self.name = name or f"group-{next(_number)}"
        self._on_error = on_error
        self._first = bool(first)
        if pool is not None and abandon:
            raise ValueError("abandon=True is for groups whose tasks have threads of their own")
        self._pool = pool
        self._abandon = bool(abandon)
        self._lock = _raddle._Guard()
        self._pid = None
        self._numbers = itertools.count(1)
        self._running = {}  # tasks that are to be waited for, in the order of their starts
        self._leaving = []  # threads whose task has ended
        self._failed = []  # errors, in the order in which they came
        self._cut = []  # what tasks, and the block (None), were cancelled with, by name
        self._winner = None
        self._late = False  # the deadline has ended a wait of a task
        self._had_ended = None  # whether it had, when the block came to its end
        self._owner = None  # the identifier of the block's thread
        self._state = "new"

    def start(self, fn, /, *args, context=None, **kwargs):
        """Call fn(*args, **kwargs) in a thread of its own, or the group's pool; return a Task.

        It runs in a copy of the caller's context, or in `context`. Raises RuntimeError outside
        the block, in a thread that is not in the group and where no thread can be started,
        TypeError for what cannot be called, and `raddle.Cancelled` if the group has ended.
        """
        if not callable(fn):
            raise TypeError(f"a group starts what can be called, not {fn!r}")
        if self._state != "open" or not self._scope._is_around():
            self._refuse("start()")
        _raddle.checkpoint()
        called = getattr(fn, "__name__", None) or type(fn).__name__
        name = f"{called}-{next(self._numbers)} (group {self.name})"
        scope = _raddle.Scope(self._scope)
        task = Task((fn, args, kwargs), name, scope, context, self._has_ended)
        self._begin(task)
        return task

    def map(self, fn, iterable, /, *, workers=None):
        """Call fn for each input, in up to `workers` threads of a group in this one; return a
        list of the results, in the order of the inputs.

        workers: None for as many as a ThreadPoolExecutor has, at most 32. Raises what a group
        raises if a call fails, and ValueError for `workers` below 1 and in a group that was
        made with `first`. All inputs are taken before the first call.
        """
        if self._first:
            raise ValueError(
                "map() returns all results, and a group that was made with first=True has one: "
                "call start() for each input"
            )
        if workers is None:
            workers = min(32, (os.cpu_count() or 1) + 4)
        if isinstance(workers, bool) or not isinstance(workers, int):
            raise TypeError(f"workers is a number of threads, not {workers!r}")
        if workers < 1:
            raise ValueError(f"workers is at least 1, not {workers}")
        if not callable(fn):
            raise TypeError(f"a group starts what can be called, not {fn!r}")
        if self._state != "open" or not self._scope._is_around():
            self._refuse("map()")
        inputs = []
        for each in iterable:
            _raddle.checkpoint()
            inputs.append(each)
        results = [None] * len(inputs)
        left, lock = iter(enumerate(inputs)), _raddle._Guard()

        def work():
            while True:
                _raddle.checkpoint()
                with lock:
                    at, value = next(left, (None, None))
                if at is None:
                    return
                results[at] = fn(value)

        work.__name__ = getattr(fn, "__name__", None) or type(fn).__name__
        try:
            with Group(name=self.name, pool=self._pool) as group:
                for _ in range(min(workers, len(inputs))):
                    group.start(work)
        except BaseExceptionGroup as failed:
            if len(failed.exceptions) > 1:
                raise
            raise failed.exceptions[0] from None  # This group's block raises it as one.
        return results

    def cancel(self):
        """End the block's waits and all its tasks; the block then ends without an error of its
        own.

        Returns whether it is the first call. Any thread may call it, while the block runs.
        """
        if self._state == "new":
            raise RuntimeError(f"{self!r} has not begun: use it in a 'with' statement")
        return self._scope.cancel()

    @property
    def cancelled(self):
        """Whether it was cancelled: by cancel(), by an error, or with a scope around it."""
        return self._scope.cancelled

    @property
    def tasks(self):
        """The tasks that have not ended."""
        return tuple(list(self._running))  # (A list of them is made in one step.)

    def remaining(self):
        """Return the seconds that are left until its deadline: 0.0 after it, None without."""
        return self._scope.remaining()

    def result(self):
        """Return the result of the task that succeeded first, of a group that was made with
        `first`.

        Raises RuntimeError in the block, and if no task has succeeded.
        """
        if not self._first:
            raise RuntimeError("only a group that was made with first=True has a result")
        if self._state != "ended":
            raise RuntimeError(f"{self!r} has no result before its block has ended")
        if self._winner is None:
            raise RuntimeError(f"no task of {self!r} has succeeded")
        return self._winner.result()

    def _open(self):
        if self._state != "new":
            raise RuntimeError(f"{self!r} was used before: make a new one for each block")
        self._owner, self._pid = _raddle._ident(), os.getpid()
        self._state = "open"
        me = id(self)
        _open[me] = weakref.ref(self, lambda _: _open.pop(me, None))

    def _wind_up(self, error):
        """Wait for all tasks."""
        self._lock.let_go()
        if self._had_ended is None:
            self._had_ended = self._scope.ended
        if error is not None:
            self._scope.cancel()
        if self._pid != os.getpid():
            self._forget_parent()
        while self._join_one():
            pass
        self._state = "ended"
        _open.pop(id(self), None)

    def _forget_parent(self):
        """In a forked child, the threads of the group are not there."""
        self._lock, self._pid = _raddle._Guard(), os.getpid()
        self._leaving.clear()
        for task in tuple(self._running):
            task._abandon("the process that this one was forked from")
            self._running.pop(task, None)
        self._leaving.clear()

    def _outcome(self, error, interrupt, outer):
        """Return what the block raises, instead of `error`, or whether it raises nothing."""
        went_well = not (self._had_ended or self._late or self._cut or self._failed)
        if went_well and error is interrupt is outer is None:
            return True
        cut, failed, late = list(self._cut), list(self._failed), None
        if self._first and self._winner is not None:
            failed = []  # Those that have lost.
        if error is None and interrupt is None and self._had_ended and self._scope._cut:
            swallowed(forget(), 2)
        if isinstance(error, CancelledError) and self._had_ended:
            error = of_another(error, self._scope)
        if isinstance(error, Cancelled) and self._had_ended:
            complete(error, late=not self._scope.cancelled)
            cut.insert(0, (None, error))
        elif isinstance(error, Exception):
            failed.insert(0, error)
        elif error is not None:
            interrupt = error  # It was the first.
        if outer is None and self._is_late(cut) and self._winner is None:
            late = TimeoutError(passed(self._scope.seconds, _waits(cut), self.name))
            late.__cause__ = cut[0][1] if cut else None
            failed.append(late)
        # (An error of a task is the block's as well, if that has asked for the result.)
        failed = list({id(each): each for each in failed if each is not interrupt}.values())
        if interrupt is not None and failed:
            if isinstance(interrupt, GeneratorExit):
                return _alone(self._grouped(failed))  # Nobody would see its cause.
            if interrupt.__cause__ is not None:
                failed.append(interrupt.__cause__)
            interrupt.__cause__ = self._grouped(failed)
        if interrupt is not None:
            return interrupt is not error and interrupt
        if failed:
            return late if failed[0] is late else _alone(self._grouped(failed))
        if outer is not None and cut:
            return _alone(Cancelled("; ".join(_waits(cut)), late=outer))
        return True

    def _is_late(self, cut):
        """Whether the group's own deadline has ended some wait."""
        has_cut = self._late or any(getattr(each, "late", False) for _, each in cut)
        return has_cut and self._scope.remaining() == 0.0

    def _grouped(self, failures):
        failed = f"{len(failures)} {'error' if len(failures) == 1 else 'errors'}"
        return BaseExceptionGroup(f"{failed} in group {self.name}", failures)

    def _refuse(self, what):
        if self._state == "new":
            raise RuntimeError(
                f"{what} of {self!r}, which has not begun: use it in a 'with' statement"
            )
        if self._state == "ended":
            raise RuntimeError(f"{what} of {self!r}, which has ended")
        raise RuntimeError(
            f"{what} of {self!r} in a thread that is not in the group: its block could end "
            "before that is known. Call it in the block, or in one of its tasks"
        )

    def _begin(self, task):
        thread = None
        if self._pool is None:
            daemon = True if self._abandon else None
            thread = threading.Thread(target=task._run, name=task.name, daemon=daemon)
            thread._raddle_is_joined = not daemon  # before its starter can end
        try:
            with _raddle.shield():  # What has ended the group must not part this.
                with self._lock:
                    self._running[task] = thread
                if thread is not None:
                    thread.start()
                else:
                    self._pool.submit(task._run).add_done_callback(task._dropped)
                task._launched = True
                if len(self._leaving) > LEAVING:
                    self._reap()
        except BaseException:
            self._recover(task)
            raise

    def _recover(self, task):
        """Forget a task whose start has failed, or was interrupted, unless it runs already."""
        self._lock.let_go()
        if task._launched:
            return
        if task._give_up():
            with self._lock:
                self._running.pop(task, None)
            task._told.set()
        else:
            task._launched = True  # It runs already, and is waited for.

    def _reap(self):
        """Let go of the threads that are gone."""
        for thread in tuple(self._leaving):
            if not thread.is_alive():
                self._join_thread(thread)

    def _join_thread(self, thread):
        thread.join()
        with self._lock:
            if thread in self._leaving:
                self._leaving.remove(thread)

    def _has_ended(self, task):
        """Called by a task, in its thread, when its future is done."""
        error, ends_all = task._error, False
        with self._lock:
            if task not in self._running:
                return  # It was said before.
            if task.ended_by is not None:
                self._cut.append((task.name, task.ended_by))
            elif error is not None:
                self._failed.append(error)
                ends_all = self._on_error == "cancel" and not self._first
            elif self._first and self._winner is None:
                self._winner, ends_all = task, True
            self._late |= task._scope._cut and not task._scope.cancelled
            thread = self._running.pop(task)
            if thread is not None:
                self._leaving.append(thread)
        if ends_all:
            self._scope.cancel()

    def _join_one(self):
        """Wait for the end of one thread; return whether there may be another."""
        with self._lock:
            task, thread = next(reversed(self._running.items()), (None, None))
            threads = list(self._leaving)
        if task is not None:
            self._join_task(task, thread)
        for each in threads:
            self._join_thread(each)
        return task is not None or bool(threads)

    def _join_task(self, task, thread):
        if self._owner == task._starter and not task._launched:
            self._recover(task)  # Its start was interrupted, and so was what was done about it.
        elif self._abandon:
            while not task._told.wait(LOOK):
                where = reach.unreachable(thread.ident) if self._scope.ended else None
                if where and task._abandon(where):
                    with self._lock:
                        if thread in self._leaving:
                            self._leaving.remove(thread)
        elif thread is None:
            while not task._told.wait(LOOK):
                if self._scope.ended and task._give_up():  # The pool is busy with others.
                    task._refuse()
        elif thread._started.is_set():
            thread.join()
        else:
            task._told.wait()

    def __repr__(self):
        return f"<raddle.Group {self.name!r}: {self._state}, {len(self._running)} tasks>"


def _tree():
    """Return the lines of a dump that show which groups there are, and what is in which."""
    within = {}  # by the identifier of a thread: the groups that it has opened
    for group in filter(None, [ref() for ref in list(_open.values())]):
        within.setdefault(group._owner, []).append(group)
    tasks = {
        task._runs_in for groups in within.values() for each in groups for task in each.tasks
    }
    lines = []
    for owner in within.keys() - tasks:
        lines += _branch(owner, within, 0)
    return lines


def _branch(owner, within, depth):
    lines = []
    for group in within.get(owner, ()) if depth < MOST else ():
        left = group.remaining()
        due = "" if left is None else f", {left:.1f} s left"
        state = ", cancelled" if group.cancelled else due
        lines.append(f"{'  ' * depth}group {group.name} of {stack.name_of(owner)}{state}:")
        for task in group.tasks[:MOST]:
            lines.append(f"{'  ' * depth}  {task.name}")
            lines += _branch(task._runs_in, within, depth + 2)
    return lines


render.groups.append(_tree)


def _waits(cut):
    """Return what each still waited for, in words."""
    return [f"{name or 'the block'} {error}" for name, error in cut if str(error)]


def _alone(error):
    """Return an error that is shown without the one that it takes the place of."""
    error.__suppress_context__ = True
    return error
