"""Processes, by loky: started afresh, not forked, so that threads and locks stay whole.

Where loky is not installed, `backend="cores"` has them by the standard library (spawn.py).

A worker writes down which input it begins, in a file that outlives it. So if the worker is
killed, the error can name that input. What no worker had begun is sent to new workers.
"""

import contextlib
import os
import shutil
import signal
import struct
import sys
import tempfile
import threading
import weakref
from concurrent.futures import InvalidStateError
from concurrent.futures.process import BrokenProcessPool

from raddle._map.backends import at_exit, pickling
from raddle._map.backends.base import Reply, WorkerLost, missing
from raddle._map.backends.remote import Remote
from raddle._map.short_repr import short
from raddle._map.system import here as system
from raddle._raddle import _Guard

BEGINNING = "initializer"  # where a worker writes what the initializer raised
NOTE = struct.Struct("=qq")  # the message's number, the position of the input in it


class Processes(Remote):
    """An executor of the pool's own, loky's or `stock`; a new one after a worker was killed."""

    name = "processes"

    def __init__(self, workers, initializer=None, initargs=(), stock=False):
        if stock:
            from raddle._map.backends.spawn import Executor as kind

            terminated = ()
        else:
            try:
                import loky
                import loky.process_executor
            except ImportError as error:
                otherwise = '; backend="cores" does without'
                raise missing(error, "processes", self.name, otherwise) from error
            kind = loky.process_executor.ProcessPoolExecutor
            terminated = loky.process_executor.TerminatedWorkerError
        super().__init__()
        self.workers = workers
        self._kind, self._terminated = kind, terminated
        # (loky takes what is in the main module along by value.)
        self._program = pickling.program() if stock else None
        self._initializer = None
        if initializer is not None:
            self._initializer = (
                pickling.function(initializer, self.name),
                pickling.inputs(initargs, self.name),
            )
        self._lock = _Guard()  # guards what follows
        self._executor = None
        self._closed = False
        self._numbers = {}  # messages under way, to their numbers
        self._count = 0
        self._broken = None  # what the initializer did
        self._notes = tempfile.mkdtemp(prefix="raddle-")
        self._tidy = weakref.finalize(self, shutil.rmtree, self._notes, True)

    def deliver(self, message, function, data, time_slice):
        with self._lock:
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            if self._broken is not None:
                raise self._broken
            self._count += 1
            number = self._count
            for fresh in (False, True):
                executor = self._started(fresh)
                try:
                    with system.shielded():
                        future = executor.submit(
                            attend, self._notes, number, function, data, time_slice
                        )
                    break
                except BrokenProcessPool:
                    if fresh:
                        raise
                except BaseException:
                    self._discard(executor)
                    raise
            message.future = future  # under the lock, for abort()
            self._numbers[message] = number, executor
        _tolerate(future)
        # An executor that ends may keep its futures, and these their callbacks.
        numbers, reference = self._numbers, weakref.ref(executor)
        future.add_done_callback(lambda future: _done(future, message, numbers, reference()))
        at_exit.watch(self, self.name)  # after loky has registered its own
        return future

    def _started(self, fresh):
        if self._executor is None or fresh:
            system.begin_tracker()
            self._executor = self._kind(
                self.workers,
                initializer=prepare,
                initargs=(self._notes, self._initializer, self._program),
            )
            # Once it is broken: the workers that died (pid, exit code), and which map saw it.
            self._executor.dead = self._executor.manager = None
        return self._executor

    def _discard(self, executor):
        # Its submit() failed. If what failed was the start of the thread that manages it, loky
        # takes that for started ever after, and waits for it.
        manager = getattr(executor, "_executor_manager_thread", None)
        if manager is None or manager.ident is not None:
            return
        executor._executor_manager_thread = None
        for process in list(executor._processes.values()):
            with contextlib.suppress(OSError):
                system.kill(process.pid)
            process.join()
        executor._processes.clear()
        if self._executor is executor:
            self._executor = None

    def lost(self, message, error):
        if not isinstance(error, BrokenProcessPool) or message not in self._numbers:
            raise error
        number, executor = self._numbers.pop(message)
        with self._lock:
            if self._executor is executor:
                self._executor = None
        # Wait until the others are dead, so that none writes any more. (A future of submit()
        # asks in the very thread that kills them.)
        here = threading.current_thread() is executor.manager
        executor.shutdown(wait=not here, kill_workers=True)
        dead = dict(executor.dead or ())
        if not dead and not isinstance(error, self._terminated):
            raise error  # such as a thread of loky's that could not be started: no worker died
        notes = self._read()
        if self._broken is not None:
            raise self._broken
        guilty = [(pid, notes[pid]) for pid in dead if pid in notes]
        if not guilty:
            text = f"a worker process died before it began any input{_how(dead.values())}"
            raise WorkerLost(text) from (error.__cause__ or error)
        position = {note[0]: note[1] for note in notes.values()}.get(number)
        if position is None:
            return Reply([])  # nobody has begun it
        pid = next((pid for pid, note in guilty if note[0] == number), None)
        if pid is None:
            culprits = [self._doing(*note) for _, note in guilty]
            doing = next((f" while it did {each}" for each in culprits if each), "")
            how = _how(dead.values())
            why = f"its worker process was ended because another one died{doing}{how}"
        else:
            why = f"worker process {pid} died while it did {_named(message, position)}"
            why += _how([dead[pid]])
        outcomes = []
        for at in range(position + 1):
            guilt = pid is not None and at == position
            text = why if guilt else f"{_named(message, at)}, is lost: {why}"
            outcomes.append((WorkerLost(text), None))
        return Reply(outcomes)

    def _doing(self, number, position):
        """Return which input of the message with this number that is, unless it was told of."""
        for message, (known, _) in list(self._numbers.items()):
            if known == number:
                return _named(message, position)
        return None

    def _read(self):
        notes = {}
        with contextlib.suppress(OSError):
            for name in os.listdir(self._notes):
                with open(os.path.join(self._notes, name), "rb") as file:
                    data = file.read()
                if name == BEGINNING:
                    self._broken = BrokenProcessPool("the initializer raised an exception")
                    self._broken.__cause__ = pickling.WorkerTraceback(data.decode())
                elif len(data) == NOTE.size:
                    notes[int(name)] = NOTE.unpack(data)
        return notes

    def shutdown(self, wait=True, cancel=False):
        with self._lock:
            self._closed = True
            executor, messages = self._executor, list(self._numbers)
        if cancel:
            for message in messages:
                future = message.future  # A map that gives up forgets it at any time.
                if future is not None:
                    future.cancel()
        if executor is not None:
            executor.shutdown(wait=wait)
        if wait:
            self._tidy()

    def at_exit(self):
        if self.lasting and not at_exit.interrupted():
            self.shutdown()
        else:
            self.abort()

    def abort(self, wait=True):
        with self._lock:
            executor, self._executor = self._executor, None
            for message in list(self._numbers):
                if message.future is None:  # A map has given it up: nobody asks what it was.
                    self._numbers.pop(message, None)
        if executor is not None:
            executor.shutdown(wait=wait, kill_workers=True)
        if wait and not self.lasting:
            self._tidy()


def _done(future, message, numbers, executor):
    # Called by loky before it kills the workers that are left: those that are dead now have
    # died by themselves. (A message that is lost holds its executor, by `numbers`.)
    if future.cancelled() or not isinstance(future.exception(), BrokenProcessPool):
        numbers.pop(message, None)
    elif executor is not None and executor.dead is None:
        executor.manager = threading.current_thread()
        executor.dead = [
            (each.pid, each.exitcode)
            for each in list((getattr(executor, "_processes", None) or {}).values())
            if each.exitcode is not None
        ]


def _named(message, position):
    args = message.inputs[position]
    shown = short(args[0] if len(args) == 1 else args)
    return shown if message.first is None else f"input {message.first + position}, {shown}"


def _how(codes):
    codes = set(codes)
    code = codes.pop() if len(codes) == 1 else None
    if code is None:
        return ""
    if code >= 0:
        return f" (exit code {code})"
    try:
        return f" (killed by {signal.Signals(-code).name})"
    except ValueError:
        return f" (killed by signal {-code})"


def _tolerate(future):
    """Let loky give an exception to a future that was cancelled, as it does when it ends."""
    kind = type(future)
    future.__class__ = _tolerant.get(kind) or _tolerant.setdefault(kind, _made_tolerant(kind))


_tolerant = {}  # classes of futures, to those that are


def _made_tolerant(kind):
    class Tolerant(kind):
        def set_exception(self, error):
            with contextlib.suppress(InvalidStateError):
                super().set_exception(error)

    return Tolerant


def prepare(folder, initializer, program):
    """Called in a new worker process."""
    from raddle._map.backends import remote_work

    sys.modules["__main__"].__raddle_main__ = program

    system.leave_ctrl_c()
    if initializer is not None:
        fn, args = initializer
        try:
            remote_work.load(fn)(*remote_work.load(args))
        except BaseException:
            import traceback

            with open(os.path.join(folder, BEGINNING), "w") as file:
                traceback.print_exc(file=file)
            raise


_page = None


def attend(folder, number, function, data, time_slice):
    """Called in a worker process: remote_work.run(), with notes."""
    from raddle._map.backends import remote_work

    global _page
    if _page is None or _page[0] != folder:
        import mmap

        with open(os.path.join(folder, str(os.getpid())), "w+b") as file:
            file.truncate(NOTE.size)
            _page = folder, mmap.mmap(file.fileno(), NOTE.size)
    page = _page[1]
    pack = NOTE.pack_into

    def note(position):
        pack(page, 0, number, position)

    return remote_work.run(function, data, time_slice, note)
