"""Interpreters in this process, one GIL each: the standard library's pool of them (3.14).

A task in another interpreter cannot be interrupted from here. So each interpreter has a thread
that waits for a message and then interrupts its own interpreter's task.
"""

import atexit
import contextlib
import os
import queue
import signal
import sys
import threading
import time

from raddle._map.backends import at_exit, interpreter_worker, pickling
from raddle._map.backends.remote import Remote
from raddle._map.raised import hidden_interrupt
from raddle._raddle import _Guard

GRACE = 0.2  # seconds that exit waits for tasks that were interrupted


class Interpreters(Remote):
    """An InterpreterPoolExecutor."""

    name = "interpreters"
    _ears = None  # of the present executor

    def __init__(self, workers, initializer=None, initargs=(), halt=False):
        try:
            from concurrent.futures import InterpreterPoolExecutor
        except ImportError as error:
            raise NotImplementedError(
                'backend="interpreters" needs Python 3.14 or later, and this is '
                f'{sys.version_info.major}.{sys.version_info.minor}: backend="cores" '
                "runs Python code on every core here, by processes"
            ) from error
        super().__init__()
        self.workers = workers
        self._halt = halt  # whether what cannot be loaded is done elsewhere
        self._initializer = b"", b""
        self._executor = None
        if initializer is not None:
            self._initializer = (
                pickling.function(initializer, self.name),
                pickling.inputs(initargs, self.name),
            )
        self._kind = _tolerant(InterpreterPoolExecutor)
        self._lock = _Guard()  # guards what follows
        self._closed = False

    def deliver(self, message, function, data, time_slice):
        with self._lock:
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            if self._executor is None:
                self._ears = Ears(self.workers)
                self._executor = self._kind(
                    self.workers,
                    initializer=prepare,
                    initargs=(
                        list(sys.path),
                        pickling.program(),
                        self._ears,
                        self._halt,
                        *self._initializer,
                    ),
                )
            executor = self._executor
        attend = interpreter_worker.attend
        future = executor.submit(attend, function, data, time_slice, self._halt)
        at_exit.watch(self, self.name)
        return future

    def shutdown(self, wait=True, cancel=False):
        with self._lock:
            self._closed = True
            executor, ears = self._executor, self._ears
        if executor is None:
            return
        executor.shutdown(wait=False, cancel_futures=cancel)
        if wait:
            _leave(executor, ears)
        else:
            try:
                threading.Thread(target=_leave, args=(executor, ears), daemon=True).start()
            except RuntimeError:
                ears.say(b".")  # the rest is only to wait

    def abort(self, wait=True):
        with self._lock:
            executor, self._executor = self._executor, None
            ears = self._ears
        if executor is not None:
            executor.shutdown(wait=False, cancel_futures=True)
            ears.say(b"!")
            _left.add(executor._threads)

    def __del__(self):
        if self._ears is not None:
            self._ears.say(b".")


def _tolerant(kind):
    """Return an executor's class that goes on with the workers that could be started."""

    class Tolerant(kind):
        def _adjust_thread_count(self):
            before = sys.exception()
            try:
                super()._adjust_thread_count()
            except RuntimeError as error:
                # (What others have submitted stays in the queue.)
                if interrupt := hidden_interrupt(error, before):
                    raise interrupt from None
                if not self._threads:
                    self._take_back()
                    raise

        def _take_back(self):
            # submit() is about to raise, so its call must not be made later.
            with contextlib.suppress(queue.Empty):
                while (item := self._work_queue.get_nowait()) is not None:
                    item.future.cancel()

    return Tolerant


def _leave(executor, ears):
    # The threads that listen keep their interpreters from ending.
    ears.say(b".")
    executor.shutdown(wait=True)


class Left:
    """Threads of executors that were aborted: one may be stuck in C code.

    Nothing stops that, and the interpreter would crash if it ended meanwhile, so exit waits for
    it, except after a Ctrl-C that nobody caught: the process then ends as it is going to.
    """

    def __init__(self):
        self._threads = []

    def add(self, threads):
        self._threads = [each for each in [*self._threads, *threads] if each.is_alive()]
        at_exit.watch(self, "left")

    def at_exit(self):
        until = time.monotonic() + GRACE
        try:
            while any(each.is_alive() for each in self._threads):
                if time.monotonic() > until:
                    if at_exit.interrupted():
                        _die()
                    return
                time.sleep(0.002)
        except KeyboardInterrupt:
            _die()  # A second Ctrl-C: the rest is not waited for.


def _die():
    """End the process as a Ctrl-C that nobody caught does."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    atexit._run_exitfuncs()
    for each in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            each.flush()
    signal.raise_signal(signal.SIGINT)


_left = Left()


class Ears:
    """A pipe that one thread in each interpreter reads one byte from.

    In another interpreter it is the number of the pipe's end. The executor's threads hold it,
    as an argument of the initializer: the number is good for as long as one of them lives.
    """

    def __init__(self, count):
        self._fd, self._mouth = os.pipe()
        self._count = count
        self._lock = _Guard()

    def say(self, word):
        """Send a byte to every interpreter, also to those that come later; only once."""
        with self._lock:
            mouth, self._mouth = self._mouth, None
        if mouth is not None:
            with contextlib.suppress(OSError):
                os.write(mouth, word * self._count)
            os.close(mouth)

    def __reduce__(self):
        return int, (self._fd,)

    def __del__(self):
        self.say(b".")
        with contextlib.suppress(OSError):
            os.close(self._fd)


def prepare(path, main, fd, halt, function, arguments):
    """Called first in a new interpreter; it must do without this module's globals."""
    import sys

    sys.path[:] = path
    from raddle._map.backends import interpreter_worker, remote_work

    sys.modules["__main__"].__raddle_main__ = main
    if function:
        try:
            call, args = remote_work.load(function), remote_work.load(arguments)
        except BaseException as error:
            if not halt:
                raise
            interpreter_worker.refuse(error)
        else:
            call(*args)
    interpreter_worker.begin(fd)  # last: an interpreter with a thread does not end by itself
