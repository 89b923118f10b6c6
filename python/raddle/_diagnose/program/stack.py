"""The stacks of threads as reports show them: without the frames of raddle and threading.

Everything here only looks: no code of the program runs, and what is kept is text.
"""

import os
import re
import sys
import types

import raddle
from raddle._diagnose.program import attributes

MOST = 40  # frames of one thread that are shown
LONGEST = 80  # characters of a name that are shown
_HERE = os.path.dirname(os.path.abspath(raddle.__file__)) + os.sep
_DIAGNOSES = f"{_HERE}_diagnose{os.sep}"
_LIB = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
_DEFAULT = re.compile(r"Thread-\d+")  # the name of a thread that was given none, nor a target
_HARNESS = f"{os.sep}_pytest{os.sep}"
_IMPORTS = "<frozen importlib._bootstrap>"
_MODULES = (
    "threading.py",
    "queue.py",
    os.path.join("concurrent", "futures", "_base.py"),
    os.path.join("concurrent", "futures", "thread.py"),
)
# Whether the names of the standard library's files are without their folder: PyInstaller leaves
# it out, and CPython's own embeddable package for Windows, which has them in an archive.
_FROZEN = getattr(sys, "frozen", False) or not os.path.isabs(re.compile.__code__.co_filename)
ours = set()  # idents of raddle's own threads, which are in no report

_INNER = {*(_LIB + name for name in _MODULES), *(_MODULES if _FROZEN else ())}


class Stacks:
    """The stacks of all threads, by ident, until the `with` block ends.

    Then it lets go of all frames at once. Those of the thread that looks are among them: the
    variables that hold them would otherwise keep themselves alive. A thread that only looks is
    not among them: in a forked child, it can have the ident of a thread of the parent's.
    """

    def __init__(self):
        self._frames = sys._current_frames()
        self._seen = {}
        self._leave_out_ours()

    def _leave_out_ours(self):
        for ident in tuple(ours):
            self._frames.pop(ident, None)
        core = sys.modules.get("raddle._raddle")
        if core is not None and core._is_aside():
            from _thread import get_ident

            self._frames.pop(get_ident(), None)

    def __enter__(self):
        return self

    def idents(self):
        """Return the idents of the threads that run Python."""
        return list(self._frames)

    def of(self, ident):
        """Return what `visible` finds in a thread's stack; nothing for an unknown thread."""
        if ident not in self._seen:
            self._seen[ident] = visible(_callers(self._frames.get(ident)))
        return self._seen[ident]

    def innermost(self, ident):
        """Return a thread's innermost frame, of any code; None for an unknown thread."""
        return self._frames.get(ident)

    def importing(self, ident):
        """Return the module whose import a thread waits for, and the ident of its importer.

        None if it does not. (Once raddle is installed, the import system's locks are its own.)
        """
        frame = self._frames.get(ident)
        code = frame.f_code if frame is not None else None
        if code is None or (code.co_filename, code.co_name) != (_IMPORTS, "acquire"):
            return None
        lock = frame.f_locals.get("self")
        module, owner = attributes.attribute(lock, "name"), attributes.attribute(lock, "owner")
        if type(module) is str and type(owner) is int and owner != ident:
            return module, owner
        return None

    def __exit__(self, *_):
        self._frames.clear()
        for each in self._seen.values():
            each.clear()


class Moment(Stacks):
    """The stacks of all threads as they are at one moment, and `waits`, what they wait for.

    (Those of `Stacks` are read when they are asked for: of a thread that waits, the same.)
    """

    def __init__(self):
        try:
            from raddle import _raddle
        except ImportError:  # It cannot be loaded: in a subinterpreter.
            super().__init__()
            self.waits = []
            return
        stacks, waits = _raddle._moment()
        self.waits = [each for each in waits if each[0] not in ours]
        self._frames = {ident: frames[0][0] for ident, frames in stacks.items()}
        self._leave_out_ours()
        self._seen = {ident: visible(stacks[ident]) for ident in self._frames}
        for frames in stacks.values():
            frames.clear()


def is_inner(code):
    """Return whether this is code of raddle or of the modules that it stands for."""
    return is_inner_file(code.co_filename)


def is_inner_file(name):
    """Return whether this is a file of raddle or of the modules that it stands for."""
    return name.startswith(_HERE) or name in _INNER or name.startswith("<frozen importlib")


def is_own(code):
    """Return whether this is the program's own code, not a library's."""
    return is_own_file(code.co_filename)


def is_own_file(name):
    """Return whether this is a file of the program's own, not a library's."""
    library = "site-packages" in name or "dist-packages" in name or name.startswith(_HERE)
    return not (library or is_stdlib_file(name))


def is_stdlib(code):
    """Return whether this is the standard library's code."""
    return is_stdlib_file(code.co_filename)


def is_stdlib_file(name):
    """Return whether this is a file of the standard library."""
    if _FROZEN and not os.path.isabs(name):
        return name.partition(os.sep)[0].partition(".")[0] in sys.stdlib_module_names
    return name.startswith(_LIB) and "site-packages" not in name


def _callers(frame):
    """Yield a frame and those that called it, each with its line.

    (That is read once: where there is no GIL, a running thread moves on meanwhile.)
    """
    while frame is not None:
        yield frame, frame.f_lineno or 0
        frame = frame.f_back


def visible(frames):
    """Return those of the (frame, line) pairs that are the program's own, innermost first."""
    found = []
    for frame, line in frames:
        code = frame.f_code
        if code.co_filename.startswith(_DIAGNOSES) and not _has_own(found):
            found.clear()  # What a report calls of a library is not what its thread does.
        if len(found) == MOST or (found and _HARNESS in code.co_filename):
            break  # What calls a test is not what the test does.
        if not is_inner(code):
            found.append((frame, line if line > 0 else code.co_firstlineno))
    return found


def _has_own(seen):
    return any(is_own(frame.f_code) for frame, _ in seen)


def entries(seen):
    """Return what `visible` has found as dicts of text and numbers."""
    return [
        {
            "file": shown(frame.f_code.co_filename),
            "line": line,
            "function": frame.f_code.co_qualname,
            "source": source(frame, line),
        }
        for frame, line in seen
    ]


def shown(path):
    """Return a path as it is shown: relative where it is below the current folder."""
    try:
        home = os.getcwd() + os.sep
    except OSError:  # The folder was removed.
        return path
    return path[len(home) :] if path.startswith(home) else path


def library(path):
    """Return a path as it is shown, a library's without the folder where all of them are."""
    if os.altsep:  # A folder of sys.path may be written with either.
        path = path.replace(os.altsep, os.sep)
    for folder in (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}", _LIB):
        _, found, rest = path.rpartition(folder)
        if found:
            return rest
    return shown(path)


def short(path):
    """Return the last part of a path."""
    return os.path.basename(path)


def lines(frame):
    """Return the source lines of a frame's file; an empty list where there are none."""
    return lines_of(frame.f_code.co_filename, frame.f_globals)


def lines_of(file, variables):
    """Return the lines of a file; `variables` are its module's, which may have a loader."""
    try:
        import linecache

        return linecache.getlines(file, variables)
    except Exception:  # An import that was interrupted, a loader with an error of its own.
        return []


def source(frame, line):
    """Return a line of a frame's file, without its indentation."""
    text = lines(frame)
    return text[line - 1].strip() if 0 < line <= len(text) else ""


def clean(name):
    """Return a name as it is shown: on one line, without commands of a terminal, short."""
    text = name if len(name) <= LONGEST else name[: LONGEST - 3] + "..."
    if text.isprintable():
        return text
    escaped = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return "".join(escaped)


def name_of(ident):
    """Return the name of a thread, without taking a lock or running the program's code."""
    name = called(thread_of(ident))
    if name is not None:
        return name
    if "threading" not in sys.modules and ident == _main_ident():
        return "MainThread"
    return f"thread {ident}"


def called(thread):
    """Return the name of a Thread, or None without one.

    That of a subclass which was given none has the class: "Thread-1 (Transport)".
    """
    name = fact(thread, "_name")
    if type(name) is not str or not name:
        return None
    kind = type.__dict__["__name__"].__get__(type(thread))
    if kind != "Thread" and _DEFAULT.fullmatch(name):
        name = f"{name} ({kind})"
    return clean(name)


def _main_ident():
    core = sys.modules.get("raddle._raddle")
    if core is not None and core._main_ident():
        return core._main_ident()
    idents = list(sys._current_frames())
    return idents[0] if len(idents) == 1 else None


def runs(thread):
    """Return what a thread was started for and where that is written; None if nobody knows."""
    if thread is None:
        return None
    called = fact(thread, "_target")
    if called is None:
        called = attributes.attribute(thread, "run")
    code = code_of(called)
    if code is not None and is_inner(code):
        return None
    if called is None:
        return None
    return clean(_called(called)) + place(code)


def purpose(ident):
    """Return what a thread is for in words: "it runs …", "a Timer that calls …"; or None."""
    thread = thread_of(ident)
    if thread is None:
        return None
    if (what := timer(thread)) is not None:
        return f"a Timer that calls {what}"
    what = runs(thread)
    return None if what is None else f"it runs {what}"


def timer(thread):
    """Return what a Timer calls and when, in words; None for any other thread."""
    called, interval = fact(thread, "function"), fact(thread, "interval")
    if called is None or type(interval) not in (int, float):
        return None
    return f"{clean(_called(called))} {interval:g} s after its start"


def is_due(ident, event):
    """Return whether a thread is a Timer that waits for its time, and this its own event."""
    thread = thread_of(ident)
    own = thread is not None and timer(thread) is not None and fact(thread, "finished")
    return own is event


def place(code):
    """Return where a function is written, as an insertion; "" for what has no code."""
    return "" if code is None else f" ({short(code.co_filename)}:{code.co_firstlineno})"


def code_of(called):
    """Return the code of a function, or of a method's; None for what else can be called."""
    if type(called) is types.MethodType:
        called = called.__func__
    return called.__code__ if type(called) is types.FunctionType else None


def _called(called):
    """Return the name of what can be called."""
    if type(called) is types.MethodType:
        called = called.__func__
    if type(called) in (types.FunctionType, types.BuiltinFunctionType):
        return called.__qualname__
    kind = called if issubclass(type(called), type) else type(called)
    return type.__dict__["__qualname__"].__get__(kind)


def fact(thread, name):
    """Return what a Thread has under this name in its own dict, or None."""
    return next((held for each, held in attributes.names(thread) if each == name), None)


def order(ident):
    """Sort threads by this: the main one first, then by name, "worker-9" before "worker-10"."""
    name = name_of(ident)
    parts = [part for part in re.split(r"(\d+)", name) if part]
    key = [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
    return name != "MainThread", key


def steady(idents, waits):
    """Return those of the threads whose variables can be looked at.

    Without a GIL, a thread that may go on meanwhile cannot. Up to 3.12, what is seen of a
    function's variables stays in its frame, which would keep them alive: those that wait only.
    """
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    if gil and sys.version_info >= (3, 13):
        return idents
    return [each[0] for each in waits if gil or not each[5]]


def thread_of(ident):
    """Return the Thread with this ident, or None."""
    threading = sys.modules.get("threading")
    active = getattr(threading, "_active", None)
    return active.get(ident) if type(active) is dict else None
