"""The environment variables that raddle reads, what they mean, and what is wrong with one."""

import difflib
import os

OFF = ("", "0", "false", "no", "off")
ON = ("1", "true", "yes", "on")


def _switch(name, on):
    def explain(word):
        if word.lower() in OFF:
            return "off", None
        why = f"{name} is 1 or 0, not {word!r}: it is taken for 1"
        return on, None if word.lower() in ON else why

    return explain


def _action(word):
    from raddle._diagnose.report import sentences

    why = sentences.refusal(word)
    if why:
        return "a deadlock is reported", f"{why}: it is taken for report"
    told = {
        "report": "a deadlock is reported on stderr",
        "raise": "a deadlock raises DeadlockError",
        "ignore": "no deadlock is looked for",
    }
    return told.get(word, "not set"), None


def _order(word):
    if word == "1":
        return "the orders in which locks are taken are checked", None
    why = f"RADDLE_LOCK_ORDER is 1 or 0, not {word!r}: it is taken for 0"
    return "off", None if word.lower() in OFF else why


def _profile(word):
    if not word:
        return "off", None
    return ("a table of contention at the end" if word == "table" else f"into {word}"), None


def _known(word):
    count = len([each for each in word.split(",") if each])
    return f"{count} known order{'s' * (count != 1)} of locks", None


def _known_races(word):
    count = len([each for each in word.split(",") if each])
    return f"{count} known race{'s' * (count != 1)}", None


def _race(word):
    from raddle._diagnose.race import settings

    if word.lower() in OFF:
        return "off", None
    try:
        packages, strict = settings.parse(word)
        settings.folders(packages)
    except ValueError as error:
        return "no races are looked for", f"RADDLE_RACE={word}: {error}"
    meaning = "races are looked for in the program's own code"
    if packages:
        meaning += f" and in {' and '.join(packages)}"
    if strict:
        meaning += ", and all accesses that are not ordered are told"
    why = settings.refusal()
    return meaning, why and f"RADDLE_RACE={word}: {why}"


def _run(word):
    return f"process {word} was started by `raddle run`", None


def _scheduled(word):
    return "`raddle explore` has started this", None


def _tests(word):
    return "for raddle's own tests", None


KNOWN = {
    "RADDLE": _switch("RADDLE", "Python programs start on raddle"),
    "RADDLE_DUMP": _switch("RADDLE_DUMP", "they answer Ctrl-\\ and `raddle dump PID`"),
    "RADDLE_ON_DEADLOCK": _action,
    "RADDLE_LOCK_ORDER": _order,
    "RADDLE_KNOWN_ORDERS": _known,
    "RADDLE_PROFILE": _profile,
    "RADDLE_RACE": _race,
    "RADDLE_KNOWN_RACES": _known_races,
    "RADDLE_RUN": _run,
    "RADDLE_SCHEDULE": _scheduled,
}
TESTS = dict.fromkeys(
    ("RADDLE_SUBJECT", "RADDLE_HANG", "RADDLE_PYTHONS", "RADDLE_ONLY", "RADDLE_RUNS"), _tests
)


def set_now(environ=os.environ):
    """Return the variables that begin with RADDLE, with their words, by name."""
    return {name: environ[name] for name in sorted(environ) if name.startswith("RADDLE")}


def explain(name, word):
    """Return what a variable means, or None if raddle knows none of that name; and a complaint.

    The complaint is None where nothing is wrong.
    """
    known = {**KNOWN, **TESTS}
    if name in known:
        return known[name](word)
    near = difflib.get_close_matches(name, KNOWN, 1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return None, f"raddle reads no variable {name}{meant}"
