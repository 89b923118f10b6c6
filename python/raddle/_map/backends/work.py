"""What runs in a worker that shares no objects with us: some inputs, each on its own account.

Functions, inputs and results come and go as bytes, pickled one by one, so that what cannot be
pickled is one item's error and not the whole message's. Sent to Dask workers by value: raddle
need not be installed there, so nothing here may import it, or use a global but the functions
below.
"""


def dump(value):
    """Pickle a value; what lives in `__main__`, or has no name, by value if possible."""
    import pickle

    try:
        data = pickle.dumps(value, 5)
        if b"__main__" not in data and b"__mp_main__" not in data:
            return data
        error = None
    except Exception as reason:
        data, error = None, reason
    try:
        import cloudpickle
    except ImportError:
        if error is not None:
            raise error from None
        return data
    try:
        return cloudpickle.dumps(value, 5)
    except Exception:
        if data is None:
            raise
        return data


def load(data):
    """Undo dump()."""
    import pickle

    try:
        return pickle.loads(data)
    except AttributeError:
        if b"__main__" not in data or not main():
            raise
        return pickle.loads(data)


def main():
    """Load the program's main module, as `multiprocessing` does; return whether it was new.

    An interpreter of its own begins without it. `__main__.__raddle__` says where it is.
    """
    import runpy
    import sys

    home = sys.modules["__main__"]
    path = getattr(home, "__raddle_main__", None)
    if path is None:
        return False
    home.__raddle_main__ = None
    loaded = runpy.run_path(path, run_name="__mp_main__")
    vars(home).update((k, v) for k, v in loaded.items() if k not in ("__name__", "__spec__"))
    sys.modules["__mp_main__"] = home
    return True


def run(function, inputs, patience, note=None, kept=[None, None]):  # noqa: B006
    """Call a pickled function with each of the pickled inputs, until `patience` seconds passed.

    Return (outcomes, seconds). An outcome is the pickled result, or
    (pickled exception, its traceback as text). There may be fewer than inputs, but one at
    least; the rest is for somebody else, and has not begun.
    """
    from time import perf_counter

    outcomes = []
    call = kept[1]  # the function of the last message: most often it is this one's
    if kept[0] != function:
        try:
            call = load(function)
        except BaseException as error:
            return [failure(error)] * len(inputs), 0.0
        kept[:] = function, call
    began = perf_counter()
    for position, data in enumerate(inputs):
        if note is not None:
            note(position)
        try:
            outcome = dump(call(*load(data)))
        except BaseException as error:
            if hasattr(error, "raddle_stopped"):
                raise
            outcome = failure(error)
        outcomes.append(outcome)
        if perf_counter() - began > patience:
            break
    return outcomes, perf_counter() - began


def failure(error):
    """Return an exception in a form that another process can take."""
    import traceback

    text = "".join(traceback.format_exception(error))
    try:
        data = dump(error)
        load(data)  # many can be pickled, and cannot be made again
    except BaseException:
        kind = type(error)
        data = dump(RuntimeError(f"{kind.__module__}.{kind.__qualname__}: {error}"))
    return data, text
