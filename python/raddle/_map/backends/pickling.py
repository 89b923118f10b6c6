"""Pickling functions, inputs and results for workers in other processes and interpreters."""

import io
import os
import pickle
import sys
import types

from raddle._map.backends import remote_work
from raddle._map.short_repr import short

TIME_SLICE = 0.02  # seconds after which a worker hands back the rest of a message
REMEDY = (
    "; define it at the top level of a module, or install cloudpickle "
    "(pip install raddle[processes]), which takes lambdas as well"
)


class WorkerTraceback(Exception):
    """The traceback of an exception as it was in the worker; the cause of what is raised."""

    def __init__(self, text):
        self.text = text

    def __str__(self):
        return f'\n"""\n{self.text}"""'


def function(fn, backend):
    """Return `fn` as bytes; raise PicklingError that says what could not be pickled."""
    try:
        data = remote_work.dump(fn)
        _demand(fn, data)
        if remote_work.load(data) is None:
            raise pickle.PicklingError("it became None")
        return data
    except Exception as error:
        reason = error
    raise pickle.PicklingError(
        f"{short(fn)} cannot be sent to {backend}: {_culprit(fn, reason)}{_remedy()}"
    ) from reason


def inputs(args, backend):
    """Return the arguments of one call as bytes; raise PicklingError if that cannot be."""
    try:
        data = remote_work.dump(args)
        _demand(args, data)
        return data
    except Exception as error:
        reason, shown = error, ""
    for each in args:
        if (why := _refused(each)) is not None:
            reason, shown = why, f" {short(each)}"
            break
    # What is not found by its name may travel by value; a lock or a socket never does.
    remedy = "" if isinstance(reason, TypeError) else _remedy()
    raise pickle.PicklingError(
        f"the input{shown} cannot be sent to {backend}: {reason}{remedy}"
    ) from reason


def outcome(data):
    """Return (error, value) of what a worker sent for one item; one of them is None."""
    try:
        if isinstance(data, bytes):
            return None, pickle.loads(data)
        data, text = data[:2]
        error = pickle.loads(data)
    except Exception as reason:
        error = pickle.UnpicklingError(
            f"the task's result came back, and cannot be made into an object here: {reason}"
        )
        error.__cause__ = reason
        return error, None
    error.__cause__ = WorkerTraceback(text)
    return error, None


def program():
    """Return the main module as (its name or None, path); None if workers cannot load it."""
    main = sys.modules.get("__main__")
    spec, path = getattr(main, "__spec__", None), getattr(main, "__file__", None)
    if path is None or not os.path.exists(path):
        return None
    sys.modules.setdefault("__mp_main__", main)  # for results that come back
    name = getattr(spec, "name", "__main__")
    return None if name == "__main__" else name, os.path.abspath(path)


class _Finder(pickle.Pickler):
    """Finds out what is pickled as a name in `__main__`."""

    found = None

    def reducer_override(self, value):
        if getattr(value, "__module__", None) == "__main__" and hasattr(value, "__qualname__"):
            self.found = self.found or value.__qualname__
        return NotImplemented


def _demand(value, data):
    """Raise PicklingError for the name of something that workers will look for in vain."""
    if b"__main__" not in data or _by_value() or program() is not None:
        return
    finder = _Finder(io.BytesIO(), 5)
    finder.dump(value)
    if finder.found is not None:
        raise pickle.PicklingError(
            f"{finder.found!r} is in __main__, and that is no file (an interactive session, "
            "or python -c) that a worker could load"
        )


def _by_value():
    """Return whether cloudpickle is there, for what has no name that workers know."""
    try:
        import cloudpickle  # noqa: F401
    except ImportError:
        return False
    return True


def _refused(value):
    try:
        _demand(value, remote_work.dump(value))
    except Exception as error:
        return error
    return None


def _culprit(fn, reason):
    """Say which variable of the function is to blame, if it is one of them."""
    code = getattr(fn, "__code__", None)
    if isinstance(fn, types.MethodType):
        if _refused(fn.__self__) is not None:
            for name, value in getattr(fn.__self__, "__dict__", {}).items():
                if (why := _refused(value)) is not None:
                    return f"its object's attribute {name!r} cannot be pickled ({why})"
        return f"{reason}"
    found = {}
    if code is not None:
        for name, cell in zip(code.co_freevars, fn.__closure__ or (), strict=True):
            try:
                found[name] = cell.cell_contents
            except ValueError:
                continue
        found |= {k: fn.__globals__[k] for k in code.co_names if k in fn.__globals__}
    for name, value in found.items():
        if value is not fn and (why := _refused(value)) is not None:
            return f"its variable {name!r} cannot be pickled ({why})"
    return f"{reason}"


def _remedy():
    return "" if _by_value() else REMEDY
