"""Write docs/site/python.txt: where docs.python.org has the names that raddle's pages mention.

    python tools/inventory.py

The names are those of the interpreter that runs this, so that nothing is fetched; run it with
the newest one. A page of docs.python.org is called as its module is, a place on it as its name.
"""

import builtins
import importlib
import inspect
import sys
from pathlib import Path

TARGET = Path(__file__).parents[1] / "docs" / "site" / "python.txt"
HEAD = """\
# Names of the standard library and their pages on docs.python.org, for the docs site.
# Made by `python tools/inventory.py` (here with Python {version}), which is how it is renewed.
# The lines are those of a Sphinx inventory: name, role, priority, page ($ is the name), title.
"""

MODULES = ("atexit", "concurrent.futures", "contextvars", "faulthandler", "queue", "threading")
OTHERS = {  # page: what is taken of it
    "asyncio-task": "asyncio.to_thread",
    "collections.abc": "collections.abc."
    + " collections.abc.".join(("Callable", "Iterable", "Iterator", "Mapping", "Sequence")),
    "concurrent.futures": "concurrent.futures.thread.BrokenThreadPool",
    "fnmatch": "fnmatch.fnmatch",
    "itertools": "itertools.count itertools.tee",
    "json": "json.dumps",
    "multiprocessing": "multiprocessing.pool.Pool multiprocessing.pool.ThreadPool",
    "os": "os.fork os.process_cpu_count os.sched_getaffinity",
    "pickle": "pickle.PicklingError",
    "subprocess": "subprocess.Popen",
    "sys": "sys.setprofile sys.settrace sys.stderr",
    "typing": "typing.Any typing.Literal typing.SupportsIndex typing.TextIO",
}
# The builtins that have a page of types; those that are not here are beside the functions.
TYPES = "bytearray bytes dict frozenset list memoryview range set str tuple"
NOT_SHOWN = {  # public, and yet not on the page
    *("ExceptHookArgs", "ThreadError"),
    *("Condition.notifyAll", "Event.isSet", "BoundedSemaphore.release", "Timer.run"),
    *("Lock.acquire_lock", "Lock.locked_lock", "Lock.release_lock"),
    *("ALL_COMPLETED", "FIRST_COMPLETED", "FIRST_EXCEPTION"),
    *(f"ProcessPoolExecutor.{each}" for each in ("map", "shutdown", "submit")),
    *(
        f"{pool}PoolExecutor.{each}"
        for pool in ("Thread", "Interpreter")
        for each in ("BROKEN", "prepare_context", "shutdown", "submit")
    ),
    *("anext", "copyright", "credits", "exit", "license", "quit"),  # of the builtins
}


def role(value, inside=False):
    """Return what Sphinx calls a thing of this kind."""
    if inspect.isclass(value):
        return "exception" if issubclass(value, BaseException) else "class"
    if callable(value) or isinstance(value, (classmethod, staticmethod)):
        return "method" if inside else "function"
    return "attribute" if inside else "data"


def lines(page, prefix, names, owner):
    """Yield the lines for these names of a module."""
    for name in names:
        value = getattr(owner, name)
        if name in NOT_SHOWN:
            continue
        yield f"{prefix}{name} py:{role(value)} 1 {page}#$ -"
        if inspect.isclass(value) and not issubclass(value, BaseException):
            for each in sorted(vars(value)):
                if not each.startswith("_") and f"{name}.{each}" not in NOT_SHOWN:
                    kind = role(inspect.getattr_static(value, each), inside=True)
                    yield f"{prefix}{name}.{each} py:{kind} 1 {page}#$ -"


def of_builtins():
    """Yield the lines for the builtins: errors, types and functions are on a page each."""
    for name, value in sorted(vars(builtins).items()):
        if name.startswith("_") or name in NOT_SHOWN or not callable(value):
            continue
        kind = role(value)
        if kind == "exception":
            page = "exceptions"
        else:
            page = "stdtypes" if name in TYPES.split() else "functions"
        yield f"{name} py:{kind} 1 library/{page}.html#$ -"
    for name in ("None", "True", "False"):
        yield f"{name} py:data 1 library/constants.html#$ -"


def of_modules():
    """Yield the lines for the modules that are taken whole."""
    for name in MODULES:
        module, page = importlib.import_module(name), f"library/{name}.html"
        yield f"{name} py:module 0 {page}#module-$ -"
        public = getattr(module, "__all__", None) or dir(module)
        shown = sorted(each for each in public if each[0] != "_")
        yield from lines(page, f"{name}.", shown, module)


def of_others():
    """Yield the lines for single names."""
    for page, names in OTHERS.items():
        for name in names.split():
            module, _, rest = name.rpartition(".")
            value = getattr(importlib.import_module(module), rest)
            yield f"{name} py:{role(value)} 1 library/{page}.html#$ -"


def main():
    version = ".".join(map(str, sys.version_info[:2]))
    text = "\n".join([*of_builtins(), *of_modules(), *of_others()])
    TARGET.write_text(HEAD.format(version=version) + text + "\n")
    print(f"wrote {TARGET}")


if __name__ == "__main__":
    main()
