"""Where tasks run: threads, interpreters, processes, or a Dask cluster. One file each.

"cores" is one of the first three (cores.py). Only the one that is asked for is imported.
"""

import sys

from raddle._threading import green

NAMES = ("threads", "cores", "interpreters", "processes", "dask")

LOADING = (
    "raddle.map or raddle.Pool was reached while a worker loads the program, for what is in "
    'it: put that call under `if __name__ == "__main__":`, or install cloudpickle '
    "(pip install raddle[processes])"
)


def known(backend):
    """Return the name of the backend that `backend` asks for; raise if there is none."""
    if isinstance(backend, str):
        name = "dask" if backend.startswith("dask://") else backend
        if name in NAMES:
            return name
        raise ValueError(
            f"unknown backend {backend!r}: there are {', '.join(map(repr, NAMES))} and "
            "'dask://host:port'; a distributed.Client will do as well"
        )
    distributed = sys.modules.get("distributed")
    if distributed is not None and isinstance(backend, distributed.Client):
        return "dask"
    raise TypeError(
        "backend has to be a name such as 'threads', or a distributed.Client, not "
        f"{type(backend).__name__!r}"
    )


def make(backend, workers, initializer=None, initargs=()):
    """Return a started backend of that kind.

    Raises ImportError where an extra is missing, or where threads are green (see green.py).
    """
    name = known(backend)
    if getattr(sys.modules.get("__main__"), "__raddle_loading__", False) and name != "threads":
        raise RuntimeError(LOADING)
    green.refuse("raddle.map() and raddle.Pool")
    if name == "threads":
        from raddle._map.backends.threads import Threads as kind
    elif name == "cores":
        from raddle._map.backends.cores import chosen as kind
    elif name == "interpreters":
        from raddle._map.backends.interpreters import Interpreters as kind
    elif name == "processes":
        from raddle._map.backends.processes import Processes as kind
    else:
        from raddle._map.backends.dask import Dask

        return Dask(backend, workers, initializer, initargs)
    return kind(workers, initializer, initargs)
