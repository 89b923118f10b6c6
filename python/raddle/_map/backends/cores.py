"""`backend="cores"`: every core, by whatever workers this interpreter offers for it.

Threads where there is no GIL. Interpreters where there are any (3.14): what they cannot load
goes to processes, with all that comes after it. Processes elsewhere, by loky where it is
installed. (`raddle.cores()`, the number, is in `core_count.py`.)
"""

import sys
import threading
from concurrent.futures import CancelledError
from typing import NamedTuple

from raddle._map.backends import pickling
from raddle._map.backends.base import ENDED
from raddle._map.backends.remote import Remote, taken
from raddle._map.core_count import parallel

ELSEWHERE = (
    'backend="cores" had an interpreter make this call, and goes to processes only for what '
    'one cannot load; backend="processes" makes no call in interpreters'
)


class Choice(NamedTuple):
    """What was chosen: `kind` of worker, `by` which library (or ""), and `why`."""

    kind: str
    by: str
    why: str

    @property
    def workers(self):
        """What the workers are, in words."""
        return f"{self.kind} by {self.by}" if self.by else self.kind

    def __str__(self):
        return f'{self.workers} (backend="cores": {self.why})'


def choice():
    """Return what backend="cores" takes here, as a Choice; str() of it is a sentence."""
    if parallel():
        return Choice("threads", "", "this interpreter has no GIL")
    if interpreters():
        return Choice("interpreters", "", "threads share a GIL here, interpreters do not")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return _processes(
        f"threads share a GIL here, and Python {version} has no pool of interpreters"
    )


def interpreters():
    """Return whether there is a pool of interpreters here."""
    try:
        from concurrent.futures import InterpreterPoolExecutor  # noqa: F401
    except ImportError:
        return False
    return True


def _processes(why):
    if _loky():
        return Choice("processes", "loky", why)
    return Choice("processes", "the standard library", f"{why}; loky is not installed")


def _loky():
    try:
        import loky.process_executor  # noqa: F401
    except ImportError:
        return False
    return True


def chosen(workers, initializer=None, initargs=()):
    """Return a started backend of the kind that choice() names."""
    found = choice()
    if found.kind == "interpreters":
        return Either(workers, initializer, initargs)
    if found.kind == "threads":
        from raddle._map.backends.threads import Threads

        made = Threads(workers, initializer, initargs)
    else:
        made = _started(workers, initializer, initargs)
    made.choice = found
    return made


def _started(workers, initializer, initargs):
    from raddle._map.backends.processes import Processes

    return Processes(workers, initializer, initargs, stock=not _loky())


class Either(Remote):
    """Interpreters; and processes, from the first time that one cannot load what it was sent.

    A function and its inputs are the same bytes for both. What could not be loaded has not been
    called, so nothing is done twice. Rejected: to try everything out in an interpreter first,
    which would import each module once more, and say nothing about inputs that come later.
    """

    def __init__(self, workers, initializer=None, initargs=()):
        from raddle._map.backends.interpreters import Interpreters
        from raddle._raddle import _Guard  # (The doctor looks at this module without it.)

        super().__init__()
        self._begin = workers, initializer, initargs
        self._lock = _Guard()  # guards the lanes
        self._lanes = [Interpreters(*self._begin, halt=True)]
        self._lasting = True
        self.workers, self.choice = workers, choice()

    @property
    def name(self):
        """What the workers are now."""
        return self._lanes[-1].name

    @property
    def lasting(self):
        """Whether exit waits for what was submitted."""
        return self._lasting

    @lasting.setter
    def lasting(self, value):
        with self._lock:
            self._lasting = value
            for lane in self._lanes:
                lane.lasting = value

    def deliver(self, message, function, data, time_slice):
        message.lane = self._lanes[-1]
        return message.lane.deliver(message, function, data, time_slice)

    def lost(self, message, error):
        return message.lane.lost(message, error)

    def read(self, message):
        try:
            outcomes, seconds = message.future.result()
        except (Exception, CancelledError) as error:
            return self.lost(message, error)
        unread = None
        if message.lane is self._lanes[0]:
            unread = next((n for n, each in enumerate(outcomes) if _is_unread(each)), None)
        if unread is None:
            reply = taken(outcomes, seconds)
            if message.lane is self._lanes[0]:
                _advise(error for error, _ in reply.outcomes if error is not None)
            return reply
        self._move(pickling.outcome(outcomes[unread])[0])
        reply = taken(outcomes[:unread], seconds)
        reply.moved = True
        return reply

    def _move(self, error):
        """Give the rest to processes."""
        with self._lock:
            if len(self._lanes) > 1:
                return
            if self.cancelled:
                raise CancelledError(ENDED)
            made = _started(*self._begin)
            made.lasting = self._lasting
            self._lanes.append(made)
            line = str(error).partition("\n")[0][:200]
            self.choice = _processes(
                f"an interpreter could not load it: {type(error).__name__}: {line}"
            )

    def shutdown(self, wait=True, cancel=False):
        if wait or cancel or not self._flying:
            self._close(wait, cancel)
            return
        # What is under way may have to move yet, so the interpreters' end is waited for.
        try:
            threading.Thread(target=self._close, args=(True, False), daemon=True).start()
        except RuntimeError:
            self._close(False, False)

    def _close(self, wait, cancel):
        for lane in self._lanes:  # A second may come while the first is waited for.
            lane.shutdown(wait, cancel)

    def abort(self, wait=True):
        for lane in self._lanes:
            lane.abort(wait)


def _advise(errors):
    """Add a note on what helps to an error of what only the first interpreter may do."""
    for error in errors:
        if isinstance(error, (ImportError, RuntimeError)) and "interpreter" in str(error):
            error.add_note(ELSEWHERE)


def _is_unread(outcome):
    """Return whether nothing was called for this one."""
    return not isinstance(outcome, bytes) and len(outcome) == 3
