"""Drop-in `threading`: every public name, on raddle's primitives.

The registry of threads (`_active`, `_limbo`, `_dangling`) is the standard library's own, so
that both modules see the same threads, and so do debuggers, profilers and the interpreter.
The lock-like classes and the thread handle are Rust; `Thread` is Python, here, because tools
look for its frames (`_bootstrap`, `_bootstrap_inner`, in a file of this name) and attributes.

`raddle.install()` gives the standard library's Thread the methods of the one below, bound to
that module's globals: what they name must exist in both modules (see _install/patch.py).
"""

import sys as _sys
import threading as _stdlib
from threading import (
    TIMEOUT_MAX,
    BrokenBarrierError,
    ExceptHookArgs,
    ThreadError,
    __excepthook__,
    _active,
    _active_limbo_lock,
    _dangling,
    _DummyThread,
    _limbo,
    _newname,
    _PyRLock,
    active_count,
    activeCount,
    current_thread,
    currentThread,
    enumerate,
    excepthook,
    get_ident,
    get_native_id,
    getprofile,
    gettrace,
    local,
    main_thread,
    setprofile,
    settrace,
    stack_size,
)

from raddle import _raddle
from raddle._raddle import (
    Barrier,
    BoundedSemaphore,
    Condition,
    Event,
    RLock,
    Semaphore,
    _make_thread_handle,
    _ThreadHandle,
)
from raddle._threading import at_exit as _at_exit
from raddle._threading import beginning as _beginning
from raddle._threading import borrowed as _borrowed
from raddle._threading import excepthooks as _excepthooks
from raddle._threading import green as _green
from raddle._threading import mistakes as _mistakes
from raddle._threading import state as _state
from raddle._threading.iterators import (
    concurrent_tee,
    serialize_iterator,
    synchronized_iterator,
)
from raddle._threading.tracing import setprofile_all_threads, settrace_all_threads

_green.refuse(__name__)

_VERSION = _sys.version_info[:2]

Lock = _raddle.lock if _VERSION >= (3, 13) else _raddle.allocate_lock
_allocate_lock = _raddle.allocate_lock
_CRLock = RLock
_raddle._equip(threading=vars(_stdlib), broken_barrier=BrokenBarrierError)


def _rlock(*args, **kwargs):
    """Return a new lock that the thread which holds it may take again, to be released as often.

    `name` is what reports call the lock. raddle only. Counterpart: threading.RLock, a function
    in that module, as this is after install().
    """
    if _VERSION >= (3, 13) and (args or kwargs.keys() - {"name"}):
        import warnings

        text = "Passing arguments to RLock is deprecated and will be removed in 3.15"
        warnings.warn(text, DeprecationWarning, stacklevel=2)
        args, kwargs = (), {name: kwargs[name] for name in ("name",) if name in kwargs}
    if _CRLock is None:
        return _PyRLock(*args, **kwargs)
    return _CRLock(*args, **kwargs)


_rlock.__name__ = _rlock.__qualname__ = "RLock"

if _VERSION >= (3, 12):
    from threading import _daemon_threads_allowed
else:

    def _daemon_threads_allowed():
        return True


if _VERSION >= (3, 13):
    _start_joinable_thread = _raddle.start_joinable_thread
else:
    from threading import _maintain_shutdown_locks, _shutdown_locks, _shutdown_locks_lock

    _start_new_thread = _raddle.start_new_thread

if _VERSION >= (3, 14):
    import _contextvars

__all__ = [
    "TIMEOUT_MAX",
    "Barrier",
    "BoundedSemaphore",
    "BrokenBarrierError",
    "Condition",
    "Event",
    "ExceptHookArgs",
    "Lock",
    "RLock",
    "Semaphore",
    "Thread",
    "ThreadError",
    "Timer",
    "active_count",
    "concurrent_tee",
    "current_thread",
    "enumerate",
    "excepthook",
    "get_ident",
    "get_native_id",
    "getprofile",
    "gettrace",
    "local",
    "main_thread",
    "serialize_iterator",
    "setprofile",
    "setprofile_all_threads",
    "settrace",
    "settrace_all_threads",
    "stack_size",
    "synchronized_iterator",
]  # fmt: skip

# The attribute that holds the handle: where each version's tools look for it.
if _VERSION >= (3, 14):
    _HANDLE = "_os_thread_handle"
elif _VERSION >= (3, 13):
    _HANDLE = "_handle"
else:
    _HANDLE = "_raddle_handle"  # Tools take a `_handle` for the sign of a later version.


_make_invoke_excepthook = _excepthooks.maker(lambda: excepthook)


class Thread(_stdlib.Thread):
    """A thread of control: runs `target(*args, **kwargs)`, or an overridden run().

    `group` is reserved and None. `name` is what current_thread().name says, by default
    "Thread-N" with the target's name. `daemon` threads do not keep the program from ending;
    None takes the current thread's setting. `context` is the contextvars.Context to run in:
    None means what the interpreter's own Thread does (from 3.14), an empty one before.

    An instance of the interpreter's threading.Thread too. Differences: a target that cannot
    be called, or args that cannot be unpacked, raise TypeError here instead of in the thread;
    start() returns without waiting for the new thread to get its turn.
    """

    # Of threads that the interpreter's own has made, too: `patch` gives these to its class.
    _context = _raddle_beginning = _raddle_handle = _raddle_is_joined = None

    def __init__(
        self,
        group=None,
        target=None,
        name=None,
        args=(),
        kwargs=None,
        *,
        daemon=None,
        context=None,
    ):
        assert group is None, "group argument must be None for now"
        if type(self).run is Thread.run:
            _mistakes.check_target(target, args)
        if kwargs is None:
            kwargs = {}
        if name:
            name = str(name)
        else:
            name = _newname("Thread-%d")
            target_name = getattr(target, "__name__", None)
            if target_name is not None:
                name = f"{name} ({target_name})"
        self._target = target
        self._name = name
        self._args = args
        self._kwargs = kwargs
        if daemon is None:
            self._daemonic = current_thread().daemon
        elif daemon and not _daemon_threads_allowed():
            raise RuntimeError("daemon threads are disabled in this (sub)interpreter")
        else:
            self._daemonic = daemon
        self._context = context
        self._ident = None
        self._native_id = None
        self._prepare_handle()
        self._started = Event()
        self._initialized = True
        # A copy of sys.stderr for the excepthook, in case this outlives the interpreter's.
        self._stderr = _sys.stderr
        self._invoke_excepthook = _make_invoke_excepthook()
        _dangling.add(self)

    if _VERSION >= (3, 14):

        def _prepare_handle(self):
            self._os_thread_handle = _ThreadHandle()

    elif _VERSION >= (3, 13):

        def _prepare_handle(self):
            self._handle = _ThreadHandle()

    else:

        def _prepare_handle(self):
            self._raddle_handle = None
            self._tstate_lock = None
            self._is_stopped = False

    def start(self):
        """Start the thread; its run() begins in a thread of its own.

        Raises RuntimeError if called twice, or if the thread cannot be started; it can then
        be tried again. Does not wait for the thread's first step, unlike the interpreter's.
        """
        if not self._initialized:
            raise RuntimeError(_mistakes.NOT_INITIALIZED)
        _beginning.enlist(self, _limbo, _active_limbo_lock, _mistakes.STARTED_TWICE)
        try:
            if not _beginning.loaded and "raddle._raddle" in _sys.modules:
                try:  # noqa: SIM105  For a thread that dies: a forked child may never import it.
                    _beginning.loaded = __import__("raddle._diagnose.report.deaths")
                except Exception:
                    pass  # At the interpreter's end, or where a program has replaced that.
            if self._target is None and type(self).run is Thread.run:
                _mistakes.warn_nothing_to_run(self)
            beginning = None
            if _beginning.is_known(self._bootstrap, self._bootstrap_inner):
                beginning = _beginning.Beginning(self, gettrace(), getprofile())
            self._raddle_beginning = beginning
            handle = self._launch()
        except BaseException:
            with _active_limbo_lock:
                _limbo.pop(self, None)
            _beginning.forget(self)
            raise
        if type(handle) is _raddle._ThreadHandle:
            # The thread exists, whatever happens here; in its turn, it says the same of itself.
            try:  # noqa: SIM105  Transplanted methods have the standard library's imports.
                self._ident = handle.ident
            except MemoryError:
                pass
            if beginning is None:
                # Somebody has wrapped the thread's first steps, and may set there what it is to
                # run. So it looks that up itself, and this waits as the interpreter's does.
                while not self._started.wait(0.05) and not handle.is_done():
                    pass
            elif _VERSION == (3, 12) and not self._raddle_is_joined:
                # 3.12 refuses fork() and new threads as soon as the main thread has run its
                # last line, before which a thread must get its turn. (Not _started, which one
                # that fails on its first lines never sets.) A group joins its own before.
                handle._wait_begun()
            self._started.set()
        else:  # Somebody replaced what starts threads (gevent does): keep to the old ways.
            self._started.wait()

    if _VERSION >= (3, 14):

        def _launch(self):
            if self._context is None:
                if _sys.flags.thread_inherit_context:
                    self._context = _contextvars.copy_context()
                else:
                    self._context = _contextvars.Context()
            # A new one each time: the first may be of another kind (made before raddle was
            # installed), or used up by an attempt that failed.
            self._os_thread_handle = handle = _raddle._make_handle_for(_ThreadHandle, self)
            _start_joinable_thread(self._bootstrap, handle=handle, daemon=self.daemon)
            return handle

    elif _VERSION >= (3, 13):

        def _launch(self):
            self._handle = handle = _raddle._make_handle_for(_ThreadHandle, self)
            _start_joinable_thread(self._bootstrap, handle=handle, daemon=self.daemon)
            return handle

    else:

        def _launch(self):
            if _start_new_thread is not _raddle.start_new_thread:
                self._raddle_handle = None
                return _start_new_thread(self._bootstrap, ())
            self._raddle_handle = handle = _raddle._make_handle_for(_ThreadHandle, self)
            lock = _raddle._signal_lock()
            try:
                lock.acquire()
                self._tstate_lock = lock
                if not self._daemonic:
                    with _shutdown_locks_lock:
                        _maintain_shutdown_locks()
                        _shutdown_locks.add(lock)
                _raddle.start_joinable_thread(self._bootstrap, handle, until_gone=lock)
            except BaseException:
                if not handle.ident:  # (Else a signal's handler has raised, and it runs.)
                    self._tstate_lock = None
                    if lock.locked():
                        lock.release()  # first: the exit waits for it, wherever it may still be
                    with _shutdown_locks_lock:
                        _shutdown_locks.discard(lock)
                raise
            return handle

    def _bootstrap(self):
        # The thread's outermost frame. A daemon thread that wakes up while the interpreter is
        # being taken apart finds its globals gone; whatever it raises then helps nobody.
        beginning = self._raddle_beginning
        try:
            if beginning is None:
                self._bootstrap_inner()
            else:
                beginning.step()
        except BaseException:
            if self._daemonic and _sys is None:
                return
            raise

    def _bootstrap_inner(self):
        # (Raddle may be uninstalled by now: only what the interpreter's own has is used here.)
        try:
            self._set_ident()
            self._set_native_id()
            if _sys.version_info >= (3, 14):
                self._set_os_name()
            elif _sys.version_info < (3, 13) and self._tstate_lock is None:
                self._set_tstate_lock()
            self._started.set()
            with _active_limbo_lock:
                _active[self._ident] = self
                # (It is not there if a signal's handler has raised in start() meanwhile.)
                _limbo.pop(self, None)
            beginning = self._raddle_beginning
            _beginning.forget(self)
            if beginning is None:
                trace, profile, run = gettrace(), getprofile(), self.run
            else:
                trace, profile, run = beginning.trace, beginning.profile, beginning.run
            if trace:
                _sys.settrace(trace)
            if profile:
                _sys.setprofile(profile)
            args = self._args if type(self._args) is str else None
            try:
                context = self._context
                if context is None:
                    run()
                else:
                    context.run(run)
            except BaseException as error:
                try:
                    from raddle._diagnose.report import deaths
                    from raddle._threading import mistakes

                    deaths.note(self, error)
                    if args is not None:
                        mistakes.explain_call(error, args)
                except Exception:
                    pass  # The interpreter is being taken apart, or memory is short.
                self._invoke_excepthook(self)
        finally:
            self._delete()

    def _delete(self):
        """Remove the current thread from the registry, however far it got."""
        ident = get_ident()
        with _active_limbo_lock:
            _limbo.pop(self, None)
            _active.pop(ident, None)
            # No Python code may follow here: a trace function that asks for current_thread()
            # would want the lock again.

    def join(self, timeout=None):
        """Wait until the thread has ended, for at most `timeout` seconds (None: no limit).

        Returns None either way; is_alive() tells which it was. Raises RuntimeError for a
        thread that was not started, and for the current one.
        """
        if not self._initialized:
            raise RuntimeError(_mistakes.NOT_INITIALIZED)
        if not self._started.is_set():
            raise RuntimeError(_mistakes.NOT_STARTED)
        if self is current_thread():
            raise RuntimeError(_mistakes.JOINED_ITSELF)
        if timeout is not None:
            timeout = max(timeout, 0)
        self._wait_for_end(timeout)

    if _VERSION >= (3, 13):

        def _wait_for_end(self, timeout):
            getattr(self, _HANDLE).join(timeout)

    else:

        def _wait_for_end(self, timeout):
            handle = self._raddle_handle
            if self._is_stopped:
                return handle and handle.is_done()  # It is known to those that order threads.
            if handle is not None and handle.ident:
                # Its end comes after the lock's release.
                handle.join(timeout)
                return self._wait_for_tstate_lock(False)
            return self._wait_for_tstate_lock(timeout=-1 if timeout is None else timeout)

        def is_alive(self):
            """Return whether the thread has started and not ended."""
            assert self._initialized, "Thread.__init__() not called"
            if not self._started.is_set():
                return False
            self._wait_for_tstate_lock(False)
            if self._is_stopped:
                self._wait_for_end(0)
            return not self._is_stopped

    @property
    def native_id(self):
        """The number by which the operating system knows the thread; None before start()."""
        assert self._initialized, "Thread.__init__() not called"
        if self._native_id is None and self._started.is_set():
            handle = vars(self).get(_HANDLE)
            if type(handle) is _raddle._ThreadHandle:
                self._native_id = handle.native_id or None
        return self._native_id

    @property
    def daemon(self):
        """Whether the program may end while the thread runs; to be set before start()."""
        assert self._initialized, "Thread.__init__() not called"
        return self._daemonic

    @daemon.setter
    def daemon(self, daemonic):
        if not self._initialized:
            raise RuntimeError(_mistakes.NOT_INITIALIZED)
        if daemonic and not _daemon_threads_allowed():
            raise RuntimeError("daemon threads are disabled in this interpreter")
        if self._started.is_set():
            raise RuntimeError(_mistakes.DAEMON_TOO_LATE)
        self._daemonic = daemonic


_beginning.know(Thread._bootstrap, Thread._bootstrap_inner)


class Timer(Thread, _stdlib.Timer):
    """Call `function(*args, **kwargs)` after `interval` seconds, unless cancel() comes first.

    A Thread: start() starts the delay. Counterpart: threading.Timer, of which it is an
    instance too.
    """

    def __init__(self, interval, function, args=None, kwargs=None):
        Thread.__init__(self)
        self.interval = interval
        self.function = function
        self.args = args if args is not None else []
        self.kwargs = kwargs if kwargs is not None else {}
        self.finished = Event()


def _follow_fork():
    """Take over the names that the standard library binds anew in a forked child."""
    _borrowed.follow(globals())


_borrowed.borrow(globals())
_at_exit.hook(_stdlib)
_at_exit.follow_forks(_follow_fork)
_state.complete(__name__)
