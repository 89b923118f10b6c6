"""What runs in a worker of another process or interpreter: inputs, each with its own result.

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

    A worker begins without it. `__main__.__raddle_main__` says what it is: (module, path).
    """
    import runpy
    import sys

    home = sys.modules["__main__"]
    program = getattr(home, "__raddle_main__", None)
    if program is None:
        return False
    home.__raddle_main__ = None
    module, path = program
    home.__raddle_loading__ = True  # for what the program may not do meanwhile
    try:
        if module is not None:
            loaded = runpy.run_module(module, run_name="__mp_main__", alter_sys=True)
        else:
            loaded = runpy.run_path(path, run_name="__mp_main__")
    finally:
        home.__raddle_loading__ = False
    vars(home).update((k, v) for k, v in loaded.items() if k not in ("__name__", "__spec__"))
    sys.modules["__mp_main__"] = home
    return True


def run(function, inputs, time_slice, note=None, halt=False, kept=[None, None]):  # noqa: B006
    """Call a pickled function with each of the pickled inputs, for about `time_slice` seconds.

    Return (outcomes, seconds). An outcome is the pickled result, or
    (pickled exception, its traceback as text), with True as a third if nothing was called,
    since the function or the input could not be loaded here. There may be fewer than inputs,
    but one at least; the rest has not begun, and goes to another worker. With `halt`, an input
    that could not be loaded is the last.
    """
    from time import perf_counter

    outcomes = []
    call = kept[1]  # the function of the last message: most often it is this one's
    if kept[0] != function:
        try:
            call = load(function)
        except BaseException as error:
            return [(*failure(error), True)] * len(inputs), 0.0
        kept[:] = function, call
    began = perf_counter()
    for position, data in enumerate(inputs):
        if note is not None:
            note(position)
        unread = True
        try:
            loaded = [load(data)]
            unread = False
            outcome = dump(call(*loaded.pop()))  # The arguments end with the call.
        except BaseException as error:
            if hasattr(error, "raddle_stopped"):
                raise
            outcome = (*failure(error), True) if unread else failure(error)
        outcomes.append(outcome)
        if perf_counter() - began > time_slice or (halt and unread):
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
