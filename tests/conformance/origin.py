"""Say of every name of `threading`, `_thread` and `queue` whether it is raddle's or stock.

A type's `__module__` is no evidence, because raddle's types say `threading` as they must;
what counts is identity with what `raddle._raddle` holds and the file that the code is from.
Run as a script it prints the survey of its own process as JSON, after importing the modules
that are named as arguments.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types

# What has to be raddle's for a run to count. The rest is only shown.
PRIMITIVES = {
    "Lock": lambda threading: threading.Lock(),
    "RLock": lambda threading: threading.RLock(),
    "Condition": lambda threading: threading.Condition(),
    "Semaphore": lambda threading: threading.Semaphore(),
    "BoundedSemaphore": lambda threading: threading.BoundedSemaphore(),
    "Event": lambda threading: threading.Event(),
    "Barrier": lambda threading: threading.Barrier(1),
}
METHODS = ("start", "run", "join", "is_alive", "_bootstrap", "_bootstrap_inner")
REQUIRED = (
    *(f"{name}()" for name in PRIMITIVES),
    "Thread.start",
    "Thread.join",
    "Thread._bootstrap_inner",
    "_thread.allocate_lock",
    "_thread.start_new_thread",
)
# Likewise, in a process that has loaded the module.
FUTURES = {
    "concurrent.futures._base": ("Future", "wait", "as_completed"),
    "concurrent.futures.thread": ("ThreadPoolExecutor",),
}
PRIVATE = (
    "_allocate_lock",
    "_start_new_thread",
    "_start_joinable_thread",
    "_ThreadHandle",
    "_CRLock",
    "_PyRLock",
    "_shutdown",
    "_register_atexit",
    "_after_fork",
    "_DummyThread",
    "_MainThread",
)
LOW_LEVEL = (
    "allocate_lock",
    "allocate",
    "start_new_thread",
    "start_new",
    "start_joinable_thread",
    "LockType",
    "lock",
    "RLock",
    "_ThreadHandle",
    "_count",
    "_set_sentinel",
    "_shutdown",
    "_make_thread_handle",
    "_local",
    "get_ident",
    "stack_size",
    "interrupt_main",
)

QUEUES = ("Queue", "LifoQueue", "PriorityQueue", "SimpleQueue")


def queue_modules() -> dict[str, types.ModuleType]:
    """Return every copy of `queue` and `_queue` that this process has, by where it is held.

    CPython's test_queue imports fresh copies, which are in no other place.
    """
    found = {name: sys.modules.get(name) for name in ("queue", "_queue")}
    tests = sys.modules.get("test.test_queue")
    for name in ("py_queue", "c_queue"):
        found[f"test_queue.{name}"] = getattr(tests, name, None)
    return {where: module for where, module in found.items() if hasattr(module, "SimpleQueue")}


def origin(value: object, rust: list, home: str | None) -> str:
    """Return where `value` is from: "rust", "python" (raddle's), "data" or "stock"."""
    if any(value is mine for mine in rust):
        return "rust"
    if isinstance(value, (types.FunctionType, types.MethodType)):
        return "python" if _within(value.__code__.co_filename, home) else "stock"
    if isinstance(value, type):
        if any(base is mine for base in value.__mro__ for mine in rust):
            return "rust"
        return "python" if any(_within(f, home) for f in _files(value)) else "stock"
    if isinstance(value, (int, float, str)) or value is None:
        return "data"
    if callable(value):
        # A built-in function made anew still belongs to the module that it was made in; one
        # bound to anything else (a namespace, say) the interpreter's modules do not have.
        owner = getattr(value, "__self__", None)
        if not isinstance(owner, types.ModuleType):
            return "rust" if home is not None else "stock"
        return "rust" if owner.__name__.startswith("raddle") else "stock"
    return "data"


def _within(path: str, home: str | None) -> bool:
    return home is not None and os.path.abspath(path).startswith(home + os.sep)


def _files(cls: type) -> list[str]:
    found = []
    for value in vars(cls).values():
        value = getattr(value, "__func__", value)
        value = getattr(value, "fget", value)
        if isinstance(value, types.FunctionType):
            found.append(value.__code__.co_filename)
    return found


def survey() -> dict:
    """Return what this process runs on: `loaded`, `installed` and the origin of each name."""
    package = sys.modules.get("raddle")
    extension = sys.modules.get("raddle._raddle")
    threading = sys.modules.get("threading")
    low = sys.modules.get("_thread")
    found: dict = {
        "process": os.getpid(),
        "threading": threading is not None,
        "loaded": extension is not None,
        "installed": False,
        "origins": {},
        "deadlocks": [],
    }
    if package is not None and hasattr(package, "installed"):
        found["installed"] = bool(package.installed())
        found["version"] = getattr(package, "__version__", None)
    if "raddle._diagnose.deadlock" in sys.modules:
        # (Raised they were, but what raises may be caught.)
        found["deadlocks"] = [each.sentence for each in package.deadlocks()]
    # A failed import leaves a module that is there and has nothing in it.
    if low is None or not hasattr(threading, "Thread") or not hasattr(threading, "__all__"):
        return found
    rust = [] if extension is None else list(_contents(extension))
    file = getattr(package, "__file__", None)
    home = os.path.dirname(os.path.abspath(file)) if file else None
    origins = found["origins"]
    for name in (*threading.__all__, *PRIVATE):
        if hasattr(threading, name):
            origins[name] = origin(getattr(threading, name), rust, home)
    for name in METHODS:
        origins[f"Thread.{name}"] = origin(getattr(threading.Thread, name), rust, home)
    for name, make in PRIMITIVES.items():
        origins[f"{name}()"] = origin(type(make(threading)), rust, home)
    for name in LOW_LEVEL:
        if hasattr(low, name):
            origins[f"_thread.{name}"] = origin(getattr(low, name), rust, home)
    for module, names in FUTURES.items():
        for name in names if module in sys.modules else ():
            value = getattr(sys.modules[module], name)
            origins[f"{module}.{name}"] = origin(value, rust, home)
    for where, module in queue_modules().items():
        for name in QUEUES:
            if hasattr(module, name):
                origins[f"{where}.{name}"] = origin(getattr(module, name), rust, home)
    return found


def _contents(extension: types.ModuleType):
    for value in vars(extension).values():
        if isinstance(value, type) or callable(value):
            yield value


def fingerprint(python: str, environment: dict[str, str]) -> str:
    """Return what tells one build of the installed raddle from another; "" without one."""
    code = """
import importlib.util, pathlib
spec = importlib.util.find_spec("raddle")
for path in sorted(pathlib.Path(spec.origin).parent.glob("*") if spec and spec.origin else ()):
    if path.is_file():
        print(path.name, path.stat().st_size, path.stat().st_mtime_ns)
"""
    done = subprocess.run(
        [python, "-c", code], env=environment, capture_output=True, text=True, timeout=120
    )
    return done.stdout


def complaints(found: dict | None, raddle: bool) -> list[str]:
    """Return why a process with this survey doesn't count; [] where it does."""
    if found is None:
        return ["the test process left no witness of what it ran on"]
    if not raddle:
        if found["loaded"] or found["installed"]:
            return ["raddle is loaded in the stock run"]
        return []
    if not found["loaded"] or not found["installed"]:
        return [f"raddle: loaded={found['loaded']}, installed={found['installed']}"]
    origins = found["origins"]
    futures = [name for name in origins if name.startswith("concurrent.futures.")]
    required = (*REQUIRED, *futures)
    kept = [name for name in required if origins.get(name) not in ("rust", "python")]
    # Of the queues, every copy that the process has.
    queues = [name for name in origins if name.rpartition(".")[2] in QUEUES]
    kept += [name for name in queues if origins[name] != "rust"]
    wrong = [f"not replaced: {', '.join(kept)}"] if kept else []
    return wrong + [f"told of a deadlock: {each}" for each in found["deadlocks"]]


def untested_queues(python: str) -> list[str]:
    """Return which queues CPython's test_queue tests that are not raddle's; [] if none are.

    The test module drops its copies of `queue` before its process ends: this imports it once
    more, in a process of its own.
    """
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "RADDLE"))}
    done = subprocess.run(
        [python, __file__, "test.test_queue"],
        env=env | {"RADDLE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode != 0:
        return [f"test_queue cannot be surveyed: {done.stderr.strip()[-500:]}"]
    origins = json.loads(done.stdout)["origins"]
    copies = ("test_queue.py_queue", "test_queue.c_queue")
    wanted = [f"{copy}.{name}" for copy in copies for name in QUEUES]
    wrong = [name for name in wanted if origins.get(name) != "rust"]
    return [f"test_queue does not test raddle's: {', '.join(wrong)}"] if wrong else []


def still_stock(found: dict) -> list[str]:
    """Return the names that are the interpreter's own in a surveyed process."""
    return [name for name, where in found["origins"].items() if where == "stock"]


def children(python: str, environment: dict[str, str]) -> dict[str, bool]:
    """Return, per isolating option, whether raddle is installed in a child run with it."""
    code = "import sys, threading; print(sys.modules['raddle'].installed())"
    found = {}
    for option in ("-I", "-E", "-s"):
        done = subprocess.run(
            [python, option, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        found[option] = done.returncode == 0 and done.stdout.strip() == "True"
    return found


if __name__ == "__main__":
    import importlib
    import threading  # noqa: F401

    for name in sys.argv[1:]:
        importlib.import_module(name)

    print(json.dumps(survey()))
