"""`raddle.configure()`: the settings of all that raddle reports."""

from raddle._diagnose import deadlock
from raddle._diagnose import lock_order as orders
from raddle._diagnose.contention import stats
from raddle._diagnose.dump import signal_handler
from raddle._diagnose.race import settings as race_settings
from raddle._diagnose.report import known
from raddle._diagnose.report.sentences import ACTIONS


class _Unchanged:
    """What is left out."""

    def __repr__(self):
        return "unchanged"


_MISSING = _Unchanged()


def configure(
    *,
    on_deadlock=_MISSING,
    lock_order=_MISSING,
    known_orders=_MISSING,
    profile=_MISSING,
    dump=_MISSING,
    race=_MISSING,
    known_races=_MISSING,
):
    """Set what raddle does about deadlocks, lock orders, waits and races, in the whole process.

    This overrides RADDLE_ON_DEADLOCK in the environment, which may be one of the three words
    and also applies to child processes.

    `on_deadlock`: "report" (the default) prints each deadlock once on stderr;
    "raise" raises DeadlockError in the thread that closed it; "ignore" looks for none; a
    callable is called with the report in the thread that found it, and what it raises is
    raised there. `lock_order`: True checks in which order the locks that are made from then on
    are taken inside one another, and reports two orders that contradict (if `on_deadlock` is a
    callable, that gets an Inversion; "raise" prints it, since nothing hangs yet), see
    inversions(). `known_orders`: a list of patterns (fnmatch) for names of locks and for
    places, "bank.py:12" or "vendor/*", that are known to be fine. `profile`: True counts how
    often the locks that are made from then on are taken, and how long threads wait, see
    stats(). `dump`: True has Ctrl-\\ (SIGQUIT) and `raddle dump PID` show every thread, as
    under `raddle run`, where the program has no handler of its own; False leaves these signals
    to the program again. `race`: True looks, in the program's own code that is first run from
    then on, for values that threads access in no order, and reports them (to `on_deadlock`, if
    that is a callable), see races(); "pkg,other" looks at these packages as well, and "strict"
    tells of each two accesses that are not ordered; False looks for none. `known_races`: a list
    of patterns for names of values ("Account.balance", "hits in *") and for places
    ("bank.py:12") that are known to be fine. What is left out stays as it is.
    Raises ValueError or TypeError for anything else, at once, and RuntimeError for `dump` in
    another thread than the main one, and for `race` where races cannot be looked for: before
    Python 3.12, or where other tools have taken the slots of sys.monitoring. The standard
    library has no counterpart.
    """
    if on_deadlock is not _MISSING:
        _check_action(on_deadlock)
    for name, mode in (("lock_order", lock_order), ("profile", profile), ("dump", dump)):
        if mode is not _MISSING and not isinstance(mode, bool):
            raise TypeError(f"{name} is True or False, not {type(mode).__name__}")
    if known_orders is not _MISSING:
        known_orders = known.check(known_orders, "known_orders")
    if known_races is not _MISSING:
        known_races = known.check(known_races, "known_races")
    if race is not _MISSING:
        race = race_settings.check(race)
    if dump is not _MISSING:
        signal_handler.configure(dump)
    if known_races is not _MISSING:
        _know_races(known_races)
    if race is not _MISSING:
        _look_for_races(race)
    if on_deadlock is not _MISSING:
        deadlock.act(on_deadlock)
    if known_orders is not _MISSING:
        orders.know(known_orders)
    if lock_order is not _MISSING:
        orders.check(lock_order)
    if profile is not _MISSING:
        stats.check(profile)


def _check_action(action):
    choices = '"report", "raise", "ignore" or a callable'
    if isinstance(action, str):
        if action not in ACTIONS:
            raise ValueError(f"on_deadlock is {choices}, not {action!r}")
    elif not callable(action):
        raise TypeError(f"on_deadlock is {choices}, not {type(action).__name__}")


def _know_races(patterns):
    from raddle._diagnose.race import told

    told.know(patterns)


def _look_for_races(race):
    """`race`: (packages, strict), or None for no look at all."""
    from raddle._diagnose.race import watch

    if race is None:
        watch.stop()
    else:
        watch.start(*race)
