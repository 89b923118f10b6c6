"""What a backend is for `raddle.map` and `raddle.Pool`, and what it is given to do."""

from concurrent.futures import BrokenExecutor

ENDED = "the pool was shut down, and what had not begun was cancelled"


class WorkerLost(BrokenExecutor):
    """A worker died, and with it the result of an item that it had been given."""


class Message:
    """Consecutive inputs that travel together: `first` is the index of the first one."""

    __slots__ = ("alone", "done", "first", "future", "inputs", "lane", "refused", "size")

    def __init__(self, first, inputs):
        self.first, self.inputs = first, inputs  # `inputs` are tuples of arguments
        self.future = None  # of the one time that it is under way
        self.size = 0  # bytes, where they travel
        self.refused = {}  # errors by position of inputs that cannot travel
        self.done = None  # its outcomes, if the consumer did it itself
        self.alone = False  # nothing else of the map is under way with it
        self.lane = None  # which backend has it, if there are two


class Reply:
    """What came of a message: the outcomes of its first inputs, as (error, value).

    Inputs beyond those have not been begun, and are sent again; one by one with `split`, and
    with `alone` while no other is under way. With `moved`, another kind of worker gets them.
    """

    __slots__ = ("alone", "moved", "outcomes", "seconds", "size", "split")

    def __init__(self, outcomes, seconds=0.0, size=0, split=False, alone=False):
        self.outcomes, self.seconds = outcomes, seconds
        self.size, self.split, self.alone = size, split, alone
        self.moved = False


class Job:
    """One map on a backend; lives as long as the map's iterator."""

    chunked = False  # whether several inputs may share a message
    timed = False  # whether clocks() says anything
    nested = False  # whether the consumer is itself a worker, and has to help

    def send(self, message, done):
        """Hand a message to the workers; `done(message)` is called when its future is done."""
        raise NotImplementedError

    def read(self, message):
        """Return the Reply of a message that is done; raise an error that is no input's."""
        raise NotImplementedError

    def help(self, message):
        """Run a message here if it has not begun, and no other thread might ever run it."""
        return False

    def forget(self, first):
        """Do not begin what comes after the input with this index any more."""

    def interrupt(self):
        """Stop what is being done for this map, as far as it can be stopped."""
        raise NotImplementedError

    def is_cancelled(self):
        """Return whether results that are missing will not come."""
        return False

    def clocks(self):
        """Return the workers' gil_warning.Clocks, or None where these are not needed."""
        return None


class Backend:
    """Workers of one kind, for any number of jobs and tasks."""

    name = "?"
    workers = 1
    choice = None  # what backend="cores" chose, and why
    lasting = True  # whether exit waits for what was submitted, or ends it
    retiring = cancelled = False  # whether maps in progress are the last, or are to end

    def __init__(self):
        self.maps = {}  # those in progress, by identity, but for streams

    def belong(self, pool):
        """Say which raddle.Pool these workers are of, for reports."""

    def title(self):
        """Return what the workers are, and how many; and why, if the kind was chosen."""
        return f"{int(self.workers)} {self.name if self.choice is None else self.choice}"

    def submit(self, fn, args, kwargs):
        """Return a concurrent.futures.Future of fn(*args, **kwargs)."""
        raise NotImplementedError

    def job(self, fn):
        """Return a Job that calls `fn`; raises at once if `fn` cannot be sent."""
        raise NotImplementedError

    def engine(self, job, source, limit, ordered, halt):
        """Return the engine of a map: its inputs on their way, and its results."""
        from raddle._map.message_map import MessageMap

        return MessageMap(job, source, self.workers, limit, ordered, halt)

    def shutdown(self, wait=True, cancel=False):
        """Take no more tasks; end the workers after what was submitted."""
        raise NotImplementedError

    def retire(self, wait, cancel):
        """As shutdown(), but a map in progress can go on, unless `cancel`."""
        if cancel:
            self.cancelled = True
        self.shutdown(wait, cancel)

    def gone(self, ended, done):
        """A map that was noted in `maps` has ended, `done` or not."""
        self.maps.pop(id(ended), None)

    def is_here(self):
        """Return whether the caller is one of the workers, which must not wait for others."""
        return False

    def abort(self, wait=True):
        """End the workers now, whatever they do; wait for it unless told not to."""
        raise NotImplementedError

    def at_exit(self):
        """The interpreter is about to end."""
        if self.lasting:
            self.shutdown()
        else:
            self.abort()


def missing(error, extra, backend, otherwise=""):
    """Return an ImportError that says which extra to install."""
    return ImportError(
        f"backend={backend!r} needs {error.name or 'a package'} ({error}): "
        f"pip install raddle[{extra}]{otherwise}",
        name=error.name,
    )
