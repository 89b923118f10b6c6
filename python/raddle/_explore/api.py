"""`raddle.explore()` and `raddle.replay()`: a function under many schedules, or under one.

Each imports what it needs when it is called. A program that asks for any of raddle's names gets
this module, too, and most explore nothing.
"""

import sys
import warnings


class Exploration:
    """What explore() has done, where nothing has failed.

    runs: how many schedules were tried. complete: whether there are no others. seed: of what
    was chosen by chance.
    """

    __module__ = "raddle"

    def __init__(self, runs, complete, seed):
        self.runs, self.complete, self.seed = runs, complete, seed

    def __repr__(self):
        what = "all of them" if self.complete else f"seed {self.seed}"
        schedules = f"{self.runs} schedule{'s' * (self.runs != 1)}"
        return f"<raddle.Exploration: {schedules}, {what}>"


def explore(fn, *, runs=200, seconds=None, strategy="mix", seed=None):
    """Call fn() again and again, each time under another schedule of its threads.

    The threads that fn() starts take turns, and so does the calling one: which of them goes on
    is chosen wherever they use a lock, a queue or another primitive of raddle's. Time stands
    still while a thread runs, and jumps when all of them wait. fn() has to do the same in each
    call.

    runs: how many schedules, at most. seconds: for how long, at most; None for no limit.
    strategy: "random" takes each thread with the same chance, "depth" the one with the highest
    priority, which falls now and then (PCT), "pos" samples the orders of operations on one
    object (POS), "all" tries each of these orders, one after the other, and "mix" does
    something of each, and first the schedules with at most two preemptions. seed: of what is
    chosen by chance; None for another one each time.

    While races are looked for (`raddle.configure(race=True)`), their accesses are points, too:
    each race that is found is tried both ways, and is said to be confirmed, if one of them
    fails, or possible.

    Returns an Exploration. What fn() raises, or a thread of its own, is raised, with the
    schedule in its notes: its steps, and a token for replay(). Raises raddle.DeadlockError
    where all threads wait for each other, and ValueError for what makes no sense. The standard
    library has no counterpart.
    """
    from raddle._explore import points, races, search
    from raddle._explore.run import run

    search.check_function(fn)
    search.check(runs, seconds, strategy)
    looking = search.Search(runs, seconds, strategy, seed)

    def attempt(*given):
        return run(fn, *given)

    with points.replaced(not races.are_looked_for()):
        count, complete, failed = looking.look(attempt)
        for verdict in looking.verdicts:
            print(verdict, file=sys.stderr)
        if failed is None:
            return Exploration(count, complete, looking.seed)
        told = search.tell(attempt, failed, count, looking.seed)
    raise told.error


def replay(schedule, fn):
    """Call fn() under the schedule of a token that explore() has told.

    Returns None, or raises what fn() raises, and ValueError for what is no token. Warns if fn()
    has come to fewer choices than the schedule has: it is another one's, or an older one's.
    Raises RuntimeError for a schedule with racing accesses where races cannot be looked for. A
    debugger may be used in it.
    """
    from raddle._explore import points, races, search, token
    from raddle._explore.run import run

    search.check_function(fn)
    choices, places = token.decode(schedule)
    with points.replaced(False), races.turning(places):
        outcome = search.again(lambda *given: run(fn, *given), choices, True)
    if outcome.error is not None:
        search.note(outcome, outcome.choices)
        raise outcome.error
    if len(outcome.choices) < len(choices):
        warnings.warn(search.STALE, RuntimeWarning, stacklevel=2)
