"""Looking for a schedule under which a function fails, and making the failure small."""

import inspect
import random
import time

from raddle import _raddle
from raddle._explore import columns, points, races, token

STRATEGIES = ("mix", "random", "depth", "pos", "all")
MASK = (1 << 64) - 1  # of a seed
TRIES = 200  # runs that make a failure small
MOST = 3  # with fewer preemptions than this it is looked for


NOT_AGAIN = (
    "raddle: it did not come again under the same schedule: something else than the order of "
    "the threads decides, such as what an earlier run has left behind"
)
STALE = (
    "the schedule has choices that were not come to: it is of another program, or an older one"
)


def check_function(fn):
    """Raise TypeError for what does not do all its work when it is called."""
    if not callable(fn):
        raise TypeError(f"what is explored is a function, not {fn!r}")
    if inspect.iscoroutinefunction(fn) or inspect.isgeneratorfunction(fn):
        raise TypeError(f"what is explored does its work when it is called, unlike {fn!r}")


def check(runs, seconds, strategy):
    """Raise ValueError for what makes no sense."""
    if isinstance(runs, bool) or not isinstance(runs, int) or runs < 1:
        raise ValueError(f"runs is a number of schedules, at least 1, not {runs!r}")
    if seconds is not None and not (isinstance(seconds, (int, float)) and seconds > 0):
        raise ValueError(f"seconds is more than 0, or None, not {seconds!r}")
    if strategy not in STRATEGIES:
        raise ValueError(f"strategy is one of {', '.join(STRATEGIES)}, not {strategy!r}")


class Search:
    """Schedules to be tried, one after the other."""

    def __init__(self, runs, seconds, strategy, seed=None):
        if seed is None:
            seed = random.SystemRandom().getrandbits(32)
        elif isinstance(seed, bool) or not isinstance(seed, int):
            raise TypeError(f"seed is a whole number, or None, not {seed!r}")
        self.seed = seed
        self._runs, self._seconds, self._strategy = runs, seconds, strategy
        self.verdicts = []

    def look(self, attempt):
        """Return how many were tried, whether these were all, and the Outcome of a failure.

        While races are looked for, those that were found are tried both ways; `verdicts` are
        what that has come to.
        """
        before = set(map(id, races.found()))
        count, complete, failed = self._look(attempt, self._runs)
        if failed is not None or not races.are_looked_for():
            return count, complete, failed
        new = [race for race in races.found() if id(race) not in before]
        for verdict in races.tried(attempt, new, self._look):
            self.verdicts.append(verdict)
            count, complete = count + verdict.runs, False
            failed = failed or verdict.failed
        return count, complete, failed

    def _look(self, attempt, runs):
        until = None if self._seconds is None else time.monotonic() + self._seconds
        schedules = _raddle._Schedules(self._strategy, self.seed & MASK)
        for count in range(1, runs + 1):
            outcome = attempt(schedules, False)
            if outcome.error is not None and _is_its_own(attempt, outcome):
                return count, False, outcome
            if not schedules.advance():
                return count, True, None
            if until is not None and time.monotonic() > until:
                return count, False, None
        return runs, False, None


def _is_its_own(attempt, failed):
    """Return whether a failure is not one of threads that are used again.

    They are not used again any more then: what follows is about this failure.
    """
    if not points.reused:
        return True
    points.reuse(False)
    if again(attempt, failed.choices, False).error is None:
        points.reuse(True)
        return again(attempt, failed.choices, False).error is None  # It does not come again.
    return True


def again(attempt, choices, tell):
    """Make one run under a schedule; return its Outcome."""
    return attempt(_raddle._Schedules("replay", choices=choices), tell)


def tell(attempt, failed, count, seed):
    """Return the Outcome of a small schedule that fails likewise, told in its error's notes."""
    with races.turning(failed.places):
        choices = _smaller(attempt, failed)
        small = again(attempt, choices, False)
        fewest = _with_fewest(attempt, small) if small.signature == failed.signature else None
        if fewest is not None:
            choices = _smaller(attempt, fewest)
        shown = again(attempt, choices, True)  # The last run is the one that is shown.
    if shown.signature != failed.signature:
        shown, choices = failed, failed.choices
        shown.error.add_note(NOT_AGAIN)
    note(shown, choices, f"schedule {count} of seed {seed}")
    return shown


def _smaller(attempt, failed):
    return _raddle._smallest(
        failed.choices,
        TRIES,
        lambda some: again(attempt, some, False).signature == failed.signature,
    )


def _with_fewest(attempt, failed):
    """Return an Outcome that fails likewise with fewer preemptions, or None."""
    for bound in range(min(failed.preemptions, MOST)):
        schedules = _raddle._Schedules("bounded", depth=bound)
        for _ in range(TRIES):
            outcome = attempt(schedules, False)
            if outcome.signature == failed.signature:
                return outcome
            if not schedules.advance():
                break
    return None


def note(outcome, choices, which="this schedule"):
    """Tell an Outcome in the notes of its error."""
    lines = [f"raddle: {which} fails, with {_times(outcome.preemptions)}:"]
    if outcome.steps:
        lines += ["", *steps(outcome), ""]
    if outcome.report is not None:
        lines.append(outcome.report.text)
    if outcome.outside:
        lines.append("A thread waited for what raddle does not see: it may not come again.")
    lines.append(f"Again: raddle.replay({token.encode(choices, outcome.places)!r}, ...)")
    outcome.error.add_note("\n".join(lines))


def steps(outcome):
    """Return the lines that show the steps of an Outcome."""
    return [*columns.columns(outcome.steps), "", *columns.lines(outcome.steps)]


def _times(count):
    return "no preemption" if not count else f"{count} preemption{'s' * (count > 1)}"
