"""Functions and inputs on their way to a worker that shares no objects with us."""

import pickle
import types

from raddle._map.backends import work
from raddle._map.short_repr import short

PATIENCE = 0.02  # seconds after which a worker hands back the rest of a message


class WorkerTraceback(Exception):
    """The traceback of an exception as it was in the worker; the cause of what is raised."""

    def __init__(self, text):
        self.text = text

    def __str__(self):
        return f'\n"""\n{self.text}"""'


def function(fn, backend):
    """Return `fn` as bytes; raise PicklingError that says what could not be pickled."""
    try:
        data = work.dump(fn)
        if work.load(data) is None:
            raise pickle.PicklingError("it became None")
        return data
    except Exception as error:
        reason = error
    raise pickle.PicklingError(
        f"{short(fn)} cannot be sent to {backend}: {_culprit(fn, reason)}{_remedy(backend)}"
    ) from reason


def inputs(args, backend):
    """Return the arguments of one call as bytes; raise PicklingError if that cannot be."""
    try:
        return work.dump(args)
    except Exception as error:
        reason = error
    for each in args:
        if (why := _refused(each)) is not None:
            reason = why
            raise pickle.PicklingError(
                f"the input {short(each)} cannot be sent to {backend}: {reason}"
            ) from reason
    raise pickle.PicklingError(f"the input cannot be sent to {backend}: {reason}") from reason


def outcome(data):
    """Return (error, value) of what a worker sent for one item; one of them is None."""
    try:
        if isinstance(data, bytes):
            return None, pickle.loads(data)
        data, text = data
        error = pickle.loads(data)
    except Exception as reason:
        error = pickle.UnpicklingError(
            f"the task's result came back, and cannot be made into an object here: {reason}"
        )
        error.__cause__ = reason
        return error, None
    error.__cause__ = WorkerTraceback(text)
    return error, None


def _refused(value):
    try:
        work.dump(value)
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


def _remedy(backend):
    try:
        import cloudpickle  # noqa: F401
    except ImportError:
        return (
            "; define it at the top level of a module, or install cloudpickle "
            "(pip install raddle[processes]), which takes lambdas as well"
            if backend == "interpreters"
            else ""
        )
    return ""
