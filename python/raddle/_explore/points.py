"""Where the turn can change hands: each call by which threads can influence each other.

While something is explored, the methods of raddle's types are replaced by ones that come to a
point first. So nothing costs more while nothing is explored, and objects that were made before
take part.
"""

import _thread
import contextlib
import contextvars
import functools
import sys
import threading as _stock
import time
import warnings

from raddle import Pool, _raddle, queue, sync, threading
from raddle._explore import clocks, cores, loops
from raddle._futures.executor import ThreadPoolExecutor
from raddle._futures.future import Future
from raddle._futures.group import Group
from raddle._futures.task import Task
from raddle._threading import state


def _itself(owner):
    return owner


def _lock(condition):
    return condition._lock


def _queue(queue):
    # (Once a program has used the queue's lock, others may be about the queue.)
    return None if "mutex" in vars(queue) else queue


def _anything(_):
    return None  # Calls what is the program's, or changes other objects.


_LOCK = "acquire", "release", "locked", "__enter__", "__exit__"
_READS = {
    *("locked", "locked_lock", "is_set", "isSet", "is_alive", "is_open"),
    *("qsize", "empty", "full"),
}

# The methods of each type, and what a call is about: two calls about different objects, or that
# only read, may change places.
_METHODS = {
    type(threading.Lock()): (
        _itself,
        (*_LOCK, "acquire_lock", "release_lock", "locked_lock"),
    ),
    type(threading.RLock()): (_itself, _LOCK),
    threading.Condition: (_lock, (*_LOCK, "wait", "notify", "notify_all", "notifyAll")),
    threading.Semaphore: (_itself, ("acquire", "release", "__enter__", "__exit__")),
    threading.BoundedSemaphore: (_itself, ("release", "__exit__")),
    threading.Event: (_itself, ("is_set", "isSet", "set", "clear", "wait")),
    threading.Barrier: (_anything, ("wait", "reset", "abort")),
    threading.Thread: (_itself, ("start", "join", "is_alive")),
    queue.Queue: (
        _queue,
        (
            *("put", "get", "put_nowait", "get_nowait", "task_done", "join", "shutdown"),
            *("qsize", "empty", "full"),
        ),
    ),
    queue.SimpleQueue: (
        _itself,
        ("put", "put_nowait", "get", "get_nowait", "empty", "qsize"),
    ),
    Future: (
        _anything,
        (
            *("cancel", "cancelled", "running", "done", "result", "exception"),
            *("add_done_callback", "set_result", "set_exception"),
        ),
    ),
    ThreadPoolExecutor: (_anything, ("submit", "shutdown")),
    sync.RWLock: (_anything, ("locked",)),
    _raddle._Side: (_anything, ("acquire", "release", "__enter__", "__exit__")),
    _raddle._TimedSide: (_anything, ("__enter__", "__exit__")),
    sync.Latch: (_itself, ("count_down", "wait", "is_open")),
    sync.AtomicInt: (_itself, ("get", "set", "add", "sub", "swap", "compare_exchange")),
    sync.AtomicRef: (_itself, ("get", "set", "swap", "compare_exchange")),
}
_FOREIGN = {  # Methods that call what they are given, or change more than their object.
    threading.Condition: ("wait_for",),
    _stock.Timer: ("cancel",),
    Task: ("running", "done", "cancel", "cancelled", "result", "exception"),
    Group: ("start", "map", "cancel", "cancelled", "result"),
    Pool: ("submit", "map", "imap_unordered", "starmap", "shutdown", "close", "terminate"),
    sync.AtomicInt: ("update",),
    sync.AtomicRef: ("update",),
}

_FUNCTIONS = [
    (module, name)
    for module in ("concurrent.futures", "raddle.futures")
    for name in ("wait", "as_completed")
]

# What the primitives are made of is theirs: no points are between its steps.
_INNER = clocks.Modules(
    *("threading", "queue", "raddle", "concurrent.futures"),
    *("importlib", "_frozen_importlib", "_frozen_importlib_external"),
)

_UNSEEN = (
    "a Thread of the standard library takes no turns: only those of raddle.threading are "
    "explored, or all of them after raddle.install()"
)

places = frozenset()  # (file, line)s whose accesses are points
reused = False  # whether the operating system's threads are used again
told = None  # where the steps of a run are noted, if they are to be told
_undo = []
_alone = _thread.allocate_lock()  # One exploration at a time.
_clocks_stay = False  # see keep_clocks()


class Step:
    """What a thread did: the call, and the line that made it."""

    __slots__ = ("call", "file", "line", "thread")

    def __init__(self, call, file, line):
        self.thread = threading.current_thread()
        self.call, self.file, self.line = call, file, line


def _note(call, frame):
    steps = told  # (The run may be over by now.)
    if steps is not None and frame is not None:
        steps.append(Step(call, frame.f_code.co_filename, frame.f_lineno))


def _caller():
    """Return the frame that has called a function that calls this; None if it was C code."""
    try:
        return sys._getframe(2)
    except ValueError:
        return None


def _turn(code, offset, name, writes):
    """Called before a racing access."""
    if _raddle._point() and told is not None:
        _note(f"{'write' if writes else 'read'} {name or 'an item'}", _caller())


def _pointed(name, method, about, starts=False):
    point, reads = _raddle._point, name in _READS
    getframe, inner = sys._getframe, _INNER  # (It is called very often.)

    @functools.wraps(method)
    def pointed(self, /, *args, **kwargs):
        try:
            frame = getframe(1)
        except ValueError:  # It was called by C code.
            frame = None
        if frame is not None and inner[frame.f_globals.get("__name__")]:
            _raddle._touch_anything()
        elif point(about(self), reads):
            if starts:
                _raddle._starts(self)
            if told is not None:
                _note(f"{type(self).__name__.lstrip('_')}.{name}", frame)
        del frame
        __tracebackhide__ = True  # pytest's
        try:
            return method(self, *args, **kwargs)
        finally:
            del self, args, kwargs  # An error's traceback holds this frame.

    return pointed


def _pointed_function(function):
    @functools.wraps(function)
    def pointed(*args, **kwargs):
        frame = _caller()
        if not _is_inner(frame) and _raddle._point() and told is not None:
            _note(function.__name__, frame)
        del frame
        __tracebackhide__ = True
        return function(*args, **kwargs)

    return pointed


def _is_inner(frame):
    return frame is not None and _INNER[frame.f_globals.get("__name__")]


def _held(real):
    @functools.wraps(real)
    def breakpointhook(*args, **kwargs):
        _raddle._hold_turns()  # Others wait for whoever is at the prompt.
        return real(*args, **kwargs)

    return breakpointhook


def _slept(real):
    @functools.wraps(real)
    def sleep(seconds, /):
        if not _raddle._point():
            return real(seconds)
        if told is not None:
            _note("time.sleep", _caller())
        return _raddle._sleep_in_turns(seconds)

    return sleep


def _warned(start):
    @functools.wraps(start)
    def warned(self):
        if _raddle._time_of_turns() is not None:
            warnings.warn(_UNSEEN, RuntimeWarning, stacklevel=2)
        return start(self)

    return warned


@contextlib.contextmanager
def replaced(reuses=True):
    """A block in which raddle's types come to points; RuntimeError in such a block.

    reuses: whether the operating system's threads are used again once a thread has ended.
    """
    if not _alone.acquire(blocking=False):
        raise RuntimeError("schedules are explored already, by this thread or by another one")
    # (What traces or profiles each thread may know it by the operating system's.)
    hooks = _stock.gettrace(), _stock.getprofile()
    try:
        put_in()
        reuse(reuses and hooks == (None, None))
        yield
    finally:
        try:
            reuse(False)
        finally:
            try:
                take_out()
            finally:
                _alone.release()


def reuse(on):
    """Use the operating system's threads again, or no more; those that wait end then."""
    global reused
    reused = on
    _raddle._reuse_threads(on)


def put_in():
    """Have raddle's types come to points, and time stand still for threads that take turns."""
    for owner, (about, names) in _METHODS.items():
        _point_at(owner, names, about)
    for owner, names in _FOREIGN.items():
        _point_at(owner, names, _anything)
    for module, name in _FUNCTIONS:
        if (module := sys.modules.get(module)) and name in vars(module):
            _replace(module, name, _pointed_function(vars(module)[name]))
    if state.installed():  # The interpreter's own class has raddle's methods then.
        about, names = _METHODS[threading.Thread]
        _point_at(sys.modules["threading"].Thread, names, about)
    else:
        _replace(_stock.Thread, "start", _warned(_stock.Thread.start))
    _replace(sys, "breakpointhook", _held(sys.breakpointhook))
    for owner, name, new in (*cores.replaced(), *loops.replaced()):
        _replace(owner, name, new)
    if not _clocks_stay:
        for module, name, new in clocks.replaced(_slept(time.sleep)):
            _replace(module, name, new)


def keep_clocks():
    """Have the clocks replaced for good, before modules are imported that keep them.

    For threads that take no turns they are the system's.
    """
    global _clocks_stay
    if not _clocks_stay:
        for module, name, new in clocks.replaced(_slept(time.sleep)):
            setattr(module, name, new)
        _clocks_stay = True


def _point_at(owner, names, about):
    for name in names:
        if (method := vars(owner).get(name)) is not None:
            _replace(owner, name, _pointed(name, method, about, name == "start"))


def take_out():
    """Undo put_in()."""
    while _undo:
        owner, name, before, ours = _undo.pop()
        if vars(owner).get(name) is ours:  # What a program has put in stays.
            setattr(owner, name, before)


def _replace(owner, name, value):
    _undo.append((owner, name, vars(owner)[name], value))
    setattr(owner, name, value)


def _says_nothing():
    """Return whether the calling thread's state could be a new one, but for its locals."""
    asyncio = sys.modules.get("_asyncio")
    return (
        sys.gettrace() is None
        and sys.getprofile() is None
        and sys.get_asyncgen_hooks() == (None, None)
        and sys.get_coroutine_origin_tracking_depth() == 0
        and (asyncio is None or asyncio._get_running_loop() is None)
        and not contextvars.copy_context()
    )


_raddle._equip(turn=_turn, says_nothing=_says_nothing)
