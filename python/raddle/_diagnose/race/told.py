"""Races, as reports: two accesses of one value that nothing orders, and what can come of them.

The core finds them, and the extension calls `found` for each pair of places once, in a thread that
no signal handler interrupts.
"""

import collections
import fnmatch
import os
import sys

from raddle import _raddle
from raddle._diagnose.program import made_at, process, stack
from raddle._diagnose.race import names
from raddle._diagnose.report import report

KEPT = 1000  # races that races() remembers

_races = collections.deque(maxlen=KEPT)
_known = tuple(filter(None, os.environ.get("RADDLE_KNOWN_RACES", "").split(",")))

WHAT = {
    "update": "an update can be lost",
    "check": "it is checked, then acted upon",
    "walk": "it is changed while it is walked",
    "unordered": "nothing says which comes first",
}
WORDS = {
    "read": "reads it",
    "written": "writes it",
    "changed": "changes it",
    "walked": "walks over it",
}


class Race(report.Told):
    """Two accesses of one value by two threads, which nothing orders.

    `kind` is "update" (a value is read and written back, and what another thread writes meanwhile
    is lost), "check" (what was checked need not be true any more when it is acted upon), "walk"
    (a container is changed while it is walked) or "unordered" (two writes, or a read and a
    write). `name` is the value's. `accesses` has a dict for each of the two: what it does
    ("does"), the thread, where ("at": "file:line", "function"), the source line, and the names of
    the "locks" held. `guard` says which lock other places hold, or is None. `process` says which
    process it was, `sentence` what can happen, `cure` what helps, and `text` is all of it as it
    is printed. It keeps no thread, frame or object alive.
    """

    __slots__ = ("accesses", "cure", "guard", "kind", "name", "process", "sentence")

    def __init__(self, harm, mine, other, name, guards):
        """`mine` and `other`: (what, code, offset, thread, locks)s; `guards`: see `_guard`."""
        self.kind, self.name = harm, name
        self.accesses = [_access(*mine), _access(*other)]
        self.accesses.sort(key=lambda each: (each["at"], each["thread"]))
        lock, self.guard = _guard(name, guards, self.accesses)
        self.process = process.facts()
        self.sentence = _sentence(harm, name)
        self.cure = _cure(harm, lock)

    def to_dict(self):
        """Return it as dicts, lists and text, ready for json.dumps()."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {**fields, "accesses": [dict(each) for each in self.accesses]}

    def render(self, colour):
        """Return the report as text, with a terminal's colours if asked for."""
        paint = report.painter(colour)
        out = [
            paint("head", f"raddle: race: {self.name}: {WHAT[self.kind]}"),
            paint("dim", f"  in {self.process}"),
            "",
        ]
        for each in self.accesses:
            locks = " and ".join(each["locks"])
            held = f", holding {locks}" if locks else ", holding no lock"
            out.append(f"  {paint('name', each['thread'])} {WORDS[each['does']]}{held}")
            out.append(f"      {paint('place', each['at'])} in {each['function']}")
            if each["source"]:
                out.append(f"          {each['source']}")
        out += ["", "  " + paint("ring", self.sentence)]
        if self.guard:
            out.append(f"  {self.guard}")
        out += ["  " + paint("cure", self.cure), ""]
        return "\n".join(out)

    def _is_known(self):
        """Whether the program said that the value, or one of the places, is fine."""
        words = {self.name, *(each["at"] for each in self.accesses)}
        return any(
            fnmatch.fnmatchcase(word, pattern) or fnmatch.fnmatchcase(word, f"*/{pattern}")
            for word in words
            for pattern in _known
        )


def races():
    """Return the races found so far, the oldest first.

    Each has `to_dict()`, which json.dumps() takes; the newest 1,000 are kept. The standard library
    has no counterpart.
    """
    return list(_races)


def know(patterns):
    """From now on report no race with a value or a place that matches."""
    global _known
    _known = patterns


def found(harm, mine, other, owner, name, item, guards):
    """Called for each race; `owner` is what was accessed, `item` is (whether, key)."""
    from raddle._diagnose import deadlock

    try:
        # (A walk may be over what the container gave, and not over itself.)
        called_by = other if mine[0] == "walked" else mine
        place = called_by[1], called_by[2]
        if mine[1] is None or other[1] is None:
            return
        if name is not None:
            called = names.variable(place, owner, name)
        elif item[0] and names.is_item(place, owner):
            called = names.item(place, owner, item[1])
        elif type(owner).__name__ == "cell":
            called = names.variable(place, owner, _cell(place))
        else:
            called = names.whole(place, owner)
        race = Race(harm, mine, other, stack.clean(called), guards)
        if race._is_known():
            return
        _races.append(race)
        action = deadlock.action()
        if callable(action):
            action(race)
        elif action != "ignore":
            report.show(race.render)
    except Exception as error:
        if not sys.is_finalizing():
            text = f"raddle: a race, which could not be described: {error!r}\n"
            report.show(lambda colour: text)


def _cell(place):
    """Return the name of the variable at an instruction."""
    import dis

    code, offset = place
    for op in dis.get_instructions(code):
        if op.offset == offset:
            return op.argval
    return "a variable"


def _access(does, code, offset, thread, locks):
    line = names.positions((code, offset))[0] or code.co_firstlineno
    return {
        "does": does,
        "thread": stack.clean(thread) if thread else "a thread",
        "at": f"{stack.shown(code.co_filename)}:{line}",
        "function": code.co_qualname,
        "source": _source(code.co_filename, line),
        "locks": [_lock(each) for each in locks],
    }


def _source(file, line):
    return made_at.source((file, line, None))


def _lock(lock):
    _, kind, name, made = lock
    return made_at.lock(kind, name, made)


def _guard(name, guards, accesses):
    """Return the lock that most places hold which write the value, and a sentence that says so.

    `guards`: (code, offset, locks)s of the places that write it.
    """
    held = collections.Counter(lock for *_, locks in guards for lock in {*map(_lock, locks)})
    if not held:
        return None, None
    lock, count = held.most_common(1)[0]
    without = {each["at"] for each in accesses if lock not in each["locks"]}
    if not without or count < 1:
        return lock, None
    places = " and ".join(sorted(stack.short(each) for each in without))
    do = "do" if len(without) > 1 else "does"
    plural = "s" if len(guards) != 1 else ""
    verb = "hold" if count != 1 else "holds"
    text = f"{count} of the {len(guards)} place{plural} that write {name} {verb} {lock}; "
    return lock, f"{text}{places} {do} not."


def _sentence(harm, name):
    return {
        "update": f"A thread reads {name}, another one writes it, and the first writes back what it "
        "has made of the old value: the other's update is lost.",
        "check": f"Between the check of {name} and what is done upon it, another thread can do the "
        "same: both act.",
        "walk": f"{name} can change in the middle of the walk: items are left out or seen twice, or "
        "RuntimeError is raised.",
        "unordered": f"Neither thread waits for the other: which value of {name} is there is a "
        "matter of luck.",
    }[harm]


def _cure(harm, lock):
    guard = f"with {lock}:" if lock else "with lock:"
    if harm == "walk":
        return f"Put both under `{guard}`, or walk over a copy that is made under it."
    if harm == "unordered":
        return (
            f"Put both under `{guard}`, or have one thread wait for the other: by join(), an "
            "Event, a queue."
        )
    return f"Put `{guard}` around all of it, from the first read to the write."


_raddle._equip(race=found)
