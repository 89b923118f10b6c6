"""Seconds that calls have: what ends a call, and not the worker that makes it."""

from time import monotonic


class Each:
    """Calls a function; each call has so many seconds, and raises TimeoutError after them."""

    def __init__(self, fn, seconds):
        _checked(seconds)
        self.fn, self.seconds = fn, seconds
        self.__name__ = getattr(fn, "__name__", type(fn).__name__)

    def __call__(self, *args, **kwargs):
        from raddle._futures.cut import deadline

        with deadline(self._left()):
            return self.fn(*args, **kwargs)

    def _left(self):
        return self.seconds

    def __repr__(self):
        return repr(self.fn)


class Until(Each):
    """Calls a function, until so many seconds after this was made."""

    def __init__(self, fn, seconds):
        super().__init__(fn, seconds)
        self.end = monotonic() + float(seconds)

    def _left(self):
        left = self.end - monotonic()
        if left <= 0:
            raise TimeoutError(
                f"the deadline ({self.seconds:g} s) has passed before a worker was free"
            )
        return left


def _checked(seconds):
    """Raise TypeError or ValueError for what is no number of seconds."""
    from raddle._futures.cut import deadline

    deadline(seconds)


def refuse(backend, what, clock=False):
    """Raise ValueError where `what` is not to be had: on workers of this backend.

    clock: it needs the clock of this machine.
    """
    if backend.name == "interpreters":
        raise ValueError(
            f"{what} is for threads and processes: raddle's waits are not in interpreters"
        )
    if clock and backend.name == "dask":
        raise ValueError(f"{what} is for workers on this machine, whose clock is the same")
