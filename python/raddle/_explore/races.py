"""Races under exploration: which of both orders of two accesses fails?

While races are looked for, each one that a run tells of is tried both ways: its lines become
points at which the turn can change hands.
"""

import contextlib
import sys

from raddle._explore import points

MOST = 20  # races that are tried
RUNS = 100  # schedules for each


def are_looked_for():
    """Return whether races are looked for."""
    watch = sys.modules.get("raddle._diagnose.race.watch")
    return watch is not None and watch.is_on()


def found():
    """Return the races that were told so far."""
    told = sys.modules.get("raddle._diagnose.race.told")
    return [] if told is None else told.races()


def places(race):
    """Return the lines of a race's accesses, as (file, line)s.

    A file is its name, with its folder's if packages have one of that name each (__init__.py).
    """
    out = set()
    for each in race.accesses:
        path, _, line = each["at"].replace("\\", "/").rpartition(":")
        parts = path.split("/")
        file = "/".join(parts[-2 if parts[-1].startswith("__") else -1 :])
        out.add((file, int(line)))
        if each["since"] is not None:
            out.add((file, int(each["since"])))
    return frozenset(out)


@contextlib.contextmanager
def turning(at):
    """A block in which accesses in these lines are points; races are looked for then.

    Raises RuntimeError where that cannot be done.
    """
    if not at:
        yield
        return
    from raddle._diagnose.race import watch

    if not watch.is_on():
        watch.start()
    watch.turn_at(at)
    points.places = at
    try:
        yield
    finally:
        points.places = frozenset()
        watch.turn_at(())


class Verdict:
    """What trying a race both ways has come to.

    race: the Race. failed: the Outcome of an order that fails, or None. runs: how many
    schedules were tried.
    """

    def __init__(self, race, failed, runs):
        self.race, self.failed, self.runs = race, failed, runs

    def __str__(self):
        name = self.race.name
        if self.failed is None:
            how = f"none of {self.runs} schedules that turn there fails"
            return f"raddle: race: {name}: possible: {how}"
        error = self.failed.error
        text = f"{type(error).__name__}: {error}".partition("\n")[0].removesuffix(": ")
        return f"raddle: race: {name}: confirmed: 1 of 2 orders ends with {text}"


def tried(attempt, races, look):
    """Yield a Verdict for each of the races, which were told while `attempt` was called.

    look(attempt, runs) returns (runs, whether they were all, the Outcome of a failure).
    """
    for race in races[:MOST]:
        with turning(places(race)):
            runs, _, failed = look(attempt, RUNS)
        yield Verdict(race, failed, runs)
