"""The contention profile: how often locks were taken, how long they were waited for and held.

The counting is the core's (crates/raddle/src/checks/tally.rs). Here it is read, and told at
the end of the process that `raddle run --profile` became. What that one forks or starts says
nothing, unless each process has a file of its own: %p in its name.
"""

import errno
import os
import stat
import sys

VARIABLE = "RADDLE_PROFILE"  # TABLE, or where the profile goes: an absolute path
TABLE = "table"
LAST = -1000  # the priority of what a process of multiprocessing's does at its end
_on = False
_switched_on = 0.0  # when, in seconds of time.monotonic(); 0: from the start

_CALLS = {
    "condition": "Condition.wait()",
    "semaphore": "Semaphore.acquire()",
    "event": "Event.wait()",
    "barrier": "Barrier.wait()",
    "queue get": "Queue.get()",
    "queue put": "Queue.put()",
    "queue join": "Queue.join()",
    "thread join": "Thread.join()",
    "future": "Future.result()",
    "futures": "wait() for futures",
    "pool": "a pool's results",
    "work": "a task to run",
    "other": "something else",
}


def stats():
    """Return what the contention profile has counted so far, the most waited for first.

    A list of dicts, ready for json.dumps(); all times are in seconds. Each is for a group of
    locks (those of one name or, without a name, those made at one place): its "kind" ("lock",
    "rlock"), "name" (without one: the variable there), where it was "made" ("file:line"), how
    many locks it has ("count"), their "acquisitions" and how often one was "contended", how
    long it was "waited" for ("total", "max", and "p99" of the waits) and "held" ("total",
    "max"), and where: "waiting" and "holding" are lists of dicts with "at" ("file:line"),
    "function", "count", "total" and "max"; those of "waiting" have where the lock had been
    taken by who held it ("held_at"), too. Other waits have a dict for each kind ("event",
    "queue get", ...) and place, in which "made", "count", "acquisitions" and "held" are None.

    Empty unless raddle.configure(profile=True) or `raddle run --profile` has switched it on.
    The standard library has no counterpart.
    """
    return _rows()


def _rows(teller=None):
    from raddle import _raddle, pending

    locks, waits = _raddle._tallies(), _raddle._waited()
    if _on:
        locks, waits = pending.added(locks, waits, _switched_on, teller)
    return sorted([*(_lock(*each) for each in locks), *_waits(waits)], key=_order)


def check(on):
    """Switch the profile on or off, for locks that are made from now on and for other waits."""
    global _on, _switched_on
    import time

    from raddle import _raddle

    if on and not _on:
        _switched_on = time.monotonic()
    _on = on
    _raddle._profile(on)


def _order(row):
    return -row["waited"]["total"], -(row["acquisitions"] or 0), row["name"], row["made"] or ""


def _lock(kind, name, made, count, acquisitions, waited, held, waits, holds):
    from raddle import places

    return {
        "kind": kind,
        "name": places.lock(kind, name, made),
        "made": _at(made)["at"],
        "count": count,
        "acquisitions": acquisitions,
        "contended": waited[0],
        "waited": _times(*waited),
        "held": {"total": held[1], "max": held[2]},
        "waiting": _merged(
            (_at(site) | {"held_at": _at(holder)["at"]}, spent) for site, holder, spent in waits
        ),
        "holding": _merged((_at(site), spent) for site, spent in holds),
    }


def _waits(waits):
    """Return a row for each kind and line."""
    rows = {}
    for kind, site, (count, total, longest, p99) in waits:
        at = _at(site)
        row = {
            "kind": kind,
            "name": _CALLS[kind],
            "made": None,
            "count": None,
            "acquisitions": None,
            "contended": count,
            "waited": _times(count, total, longest, p99),
            "held": None,
            "waiting": [at | {"held_at": None, "count": count, "total": total, "max": longest}],
            "holding": [],
        }
        known = rows.setdefault((kind, *at.values()), row)
        if known is not row:  # Twice in one line.
            known["contended"] += count
            for sums in known["waited"], known["waiting"][0]:
                sums["total"] += total
                sums["max"] = max(sums["max"], longest)
            known["waited"]["p99"] = max(known["waited"]["p99"], p99)
            known["waiting"][0]["count"] += count
    return list(rows.values())


def _times(_, total, longest, p99):
    return {"total": total, "max": longest, "p99": p99}


def _at(place):
    from raddle import places

    if place is None:
        return {"at": None, "function": None}
    return {"at": places.shown(place), "function": place[2]}


def _merged(sites):
    """Add up what belongs to one line; return the longest total first."""
    found = {}
    for at, (count, total, longest) in sites:
        row = found.setdefault(tuple(at.values()), at | {"count": 0, "total": 0.0, "max": 0.0})
        row["count"] += count
        row["total"] += total
        row["max"] = max(row["max"], longest)
    return sorted(
        found.values(), key=lambda row: (-row["total"], -row["count"], str(row["at"]))
    )


def refusal(path):
    """Return why a profile cannot be written there, or None; leaves nothing behind."""
    try:
        facts = os.stat(path)
    except FileNotFoundError:
        facts = None
    except OSError as error:
        return error.strerror
    try:
        if facts is None:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
            os.unlink(path)
        elif stat.S_ISREG(facts.st_mode):
            os.close(os.open(path, os.O_WRONLY | os.O_CLOEXEC))
        elif stat.S_ISDIR(facts.st_mode):
            return os.strerror(errno.EISDIR)
        elif not os.access(path, os.W_OK):
            return os.strerror(errno.EACCES)
    except OSError as error:
        return error.strerror
    return None


def is_for_each(target):
    """Return whether each process has a file of its own: its name has the process id in it."""
    return "%p" in target.replace("%%", "")


def file(target):
    """Return the file of this process: %p stands for its process id, %% for a percent sign."""
    parts = [part.replace("%p", str(os.getpid())) for part in target.split("%%")]
    return "%".join(parts)


def prepare(target):
    """Tell the profile when this process ends.

    Called before the program's first line: what is registered first is run last, after the
    program's own handlers, and its threads have ended by then. A signal that ends the process
    (SIGTERM) still does, when the profile is told.
    """
    global _on
    import _signal
    import atexit

    from raddle import answer

    _on = True
    first = os.getpid()

    def tell():
        if os.getpid() == first or is_for_each(target):
            _aside(target)

    def terminated(number, frame):
        _signal.pthread_sigmask(_signal.SIG_BLOCK, (_signal.SIGINT,))
        tell()
        _signal.signal(number, _signal.SIG_DFL)
        os.kill(os.getpid(), number)
        # Process 1 of a container ends by no signal that it leaves alone.
        _signal.signal(number, terminated)
        _signal.pthread_sigmask(_signal.SIG_UNBLOCK, (_signal.SIGINT,))

    def forked():
        # A child of multiprocessing's ends without atexit. (This is what it keeps; at its start
        # it calls those that its module knows, and forgets what the parent was to finish.)
        util = sys.modules.get("multiprocessing.util")
        if util is not None:
            util.register_after_fork(tell, finalized)

    def finalized(tell):
        util = sys.modules["multiprocessing.util"]
        util.Finalize(None, tell, exitpriority=LAST)

    atexit.register(_at_exit, tell)
    handler = _signal.getsignal(_signal.SIGTERM)
    if type(handler) is int and handler == _signal.SIG_DFL:
        answer.HANDLERS.append(terminated)
        _signal.signal(_signal.SIGTERM, terminated)
    if is_for_each(target) and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=forked)


def _aside(target):
    import contextlib
    from _thread import get_ident

    from raddle import _raddle

    me = get_ident()
    before = [each for each in _raddle._waits() if each[0] == me]
    with contextlib.suppress(
        KeyboardInterrupt
    ):  # The program has ended, and this has been told.
        _raddle._aside(_tell, target, (me, before))


def _at_exit(tell):
    tell()
    if getattr(sys, "last_type", None) is KeyboardInterrupt and not sys.flags.inspect:
        # An import that evaluates text (every namedtuple does) has made the interpreter forget
        # that the program died of SIGINT, and that the process is to end so, too.
        try:
            exec("raise KeyboardInterrupt")
        except KeyboardInterrupt:
            return


def _tell(target, teller):
    try:
        rows = _rows(teller)
        if target == TABLE:
            from raddle import table

            table.show(rows)
        else:
            path = file(target)
            _write(rows, path)
            _say(f"raddle: the contention profile is in {path}\n")
    except Exception as error:
        _say(f"raddle: the contention profile could not be told: {error}\n")


def _write(rows, path):
    import json

    if path.endswith(".speedscope.json"):
        from raddle import speedscope

        document = speedscope.document(rows, os.path.basename(sys.argv[0]) or "raddle")
    else:
        document = rows
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.write("\n")


def _say(text):
    from raddle import report

    try:
        report.show(lambda colour: text)
    except Exception:
        return  # Standard error is closed.
