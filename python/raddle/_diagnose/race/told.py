"""Races, as reports: two accesses of one value that nothing orders, and what can come of them.

The core finds them, and the extension calls `found` for each pair of places once, in a thread
that no signal handler interrupts.
"""

import collections
import itertools
import os
import sys
import types

from raddle import _raddle
from raddle._diagnose.program import made_at, process, stack
from raddle._diagnose.race import names, origins, words
from raddle._diagnose.report import known, report

KEPT = 1000  # races that races() remembers
MOST = 20  # pairs of lines that are told of one name

_races = collections.deque(maxlen=KEPT)
_told = {}  # by kind, name and places
_counts = {}  # of those that were told, by kind and name
_known = tuple(filter(None, os.environ.get("RADDLE_KNOWN_RACES", "").split(",")))


class Race(report.Told):
    """Two accesses of one value by two threads, which nothing orders.

    `kind` is "update" (a value is read and written back, and what another thread writes
    meanwhile is lost), "check" (what was checked need not be true any more when it is acted
    upon), "walk" (a container is changed while it is walked) or "unordered" (two writes, or
    a read and a write). `name` is the value's. `accesses` has a dict for each of the two:
    what the thread "does" ("reads", "writes", "updates", "checks", "acts", "changes" or
    "walks"), its name ("thread"), where it does so ("at": "file:line", "function",
    "source"), the line that had read or checked the value before it was written ("since",
    or None), and the names of the "locks" held. `guard` says which lock other places hold,
    or is None. `process` says which process it was, `sentence` what can happen, `cure` what
    helps, and `text` is all of it as it is printed. It keeps no thread, frame or object
    alive.
    """

    __slots__ = ("accesses", "cure", "guard", "kind", "name", "process", "sentence")

    def __init__(self, harm, mine, other, name, guards):
        """`mine` and `other`: (what, code, offset, thread, locks)s; `guards`: the places that
        write the value, as (code, offset, locks)s."""
        self.kind, self.name = harm, name
        pair = sorted((_Access(harm, *mine), _Access(harm, *other)), key=_Access.place)
        _number(pair)
        if pair[0].at == pair[1].at and pair[0].is_far:
            for each in pair:
                each.does = words.WROTE[harm]
        places = {(id(code), offset): locks for code, offset, locks in guards}
        guards = [{made_at.lock(*each[1:]) for each in locks} for locks in places.values()]
        lock, self.guard = words.guard(name, guards, pair)
        self.accesses = [each.to_dict() for each in pair]
        self.process = process.facts()
        self.sentence = words.sentence(harm, name, pair)
        self.cure = words.cure(harm, lock, pair)

    def to_dict(self):
        """Return it as dicts, lists and text, ready for json.dumps()."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        accesses = [{**each, "locks": list(each["locks"])} for each in self.accesses]
        return {**fields, "accesses": accesses}

    def render(self, colour):
        """Return the report as text, with a terminal's colours if asked for."""
        paint = report.painter(colour)
        out = [
            paint("head", f"raddle: race: {self.name}: {words.WHAT[self.kind]}"),
            paint("dim", f"  in {self.process}"),
            "",
        ]
        for group in words.together(self.accesses):
            each = group[0]
            threads = " and ".join(paint("name", one["thread"]) for one in group)
            out.append(f"  {threads} {words.does(each, len(group))}, {words.holding(each)}")
            out.append(f"      {paint('place', each['at'])} in {each['function']}")
            if each["source"]:
                out.append(f"          {each['source']}")
        out += ["", "  " + paint("ring", self.sentence)]
        out.append("  " + paint("dim", words.DOUBT))
        if self.guard:
            out.append(f"  {self.guard}")
        out += ["  " + paint("cure", self.cure), ""]
        return "\n".join(out)

    def _is_known(self):
        """Whether the program said that the value, or one of the places, is fine."""
        said = {self.name, *(each["at"] for each in self.accesses)}
        return known.matches(said, _known)

    def _is_new(self):
        """Whether it was not told yet.

        (The core asks so of instructions. A line may have two that read a value, and without a
        GIL two threads may have had a function looked at.)
        """
        places, first = tuple(each["at"] for each in self.accesses), object()
        return _told.setdefault((self.kind, self.name, places), first) is first


def races():
    """Return the races found so far, the oldest first.

    Each has `to_dict()`, which json.dumps() takes; the newest 1,000 are kept. The standard
    library has no counterpart.
    """
    return list(_races)


def know(patterns):
    """From now on report no race with a value or a place that matches."""
    global _known
    _known = patterns


def tell_again():
    """Tell again of what was told: in another test of the same code, say."""
    _told.clear()
    _counts.clear()
    _raddle._race_tell_again()


def found(finder, harm, mine, other, owner, name, item, guards):
    """Called for each race; return None, or what the finder's thread is to call.

    `finder` is its ident, `owner` what was accessed, `item` is (whether, key).
    """
    from raddle._diagnose import deadlock

    if mine[1] is None or other[1] is None or deadlock.is_handling(finder):
        return None
    try:
        called = stack.clean(_called(mine, other, owner, name, item))
        race = Race(harm, mine, other, called, guards)
        if race._is_known() or not race._is_new() or _is_enough(harm, called):
            return None
        _races.append(race)
        action = deadlock.action()
        if not callable(action) and action != "ignore":
            report.show(race.render)
    except Exception as error:
        if not sys.is_finalizing():
            text = f"raddle: a race, which could not be described: {error!r}\n"
            report.show(lambda colour: text)
        return None
    return (deadlock.hand, finder, action, race) if callable(action) else None


def _is_enough(harm, name):
    """Whether races of one kind and name were told often enough; say so once."""
    count = next(_counts.setdefault((harm, name), itertools.count(1)))
    if count == MOST + 1:
        text = f"raddle: race: {name}: there are more pairs of lines, which are left unsaid\n"
        report.show(lambda colour: text)
    return count > MOST


def _called(mine, other, owner, name, item):
    """Return what people call a value."""
    # (A walk may be over what the container gave, and not over itself.)
    called_by = other if mine[0] == "walked" else mine
    place = called_by[1], called_by[2]
    if name is not None:
        return names.variable(place, owner, name)
    if item[0] and names.is_attribute(place):
        return names.variable(place, owner, item[1])
    if item[0] and names.is_item(place, owner):
        return names.item(place, owner, item[1])
    if type(owner) is types.CellType:
        return names.variable(place, owner, names.cell(place))
    return names.whole(place, owner)


class _Access:
    """What one of the two threads does.

    `is_far`: no read is known that a write belongs to. It may be in another function.
    """

    def __init__(self, harm, what, code, offset, thread, locks):
        line = names.positions((code, offset))[0] or code.co_firstlineno
        since, self.does, self.is_far = None, words.DOES[what], False
        if what == "read" and harm == "check":
            self.does = "checks"
        elif what in ("written", "changed") and harm in words.WROTE:
            since = origins.line(code, offset, harm)
            self.is_far = since is None
            self.does = words.WROTE[harm] if since else self.does
        file = stack.shown(code.co_filename)
        self.at, self.since = f"{file}:{line}", since if since != line else None
        self.thread = stack.clean(thread) if thread else "a thread"
        self.function = code.co_qualname
        self.source = made_at.source((code.co_filename, line, None))
        self.locks = {number: made_at.lock(*each) for number, *each in locks}

    def place(self):
        """Return by what the two are put in order, which is the same in each run."""
        file, _, line = self.at.rpartition(":")
        return file, int(line), self.thread

    def to_dict(self):
        """Return it as a report has it."""
        known = ("does", "thread", "at", "since", "function", "source")
        return {
            **{name: getattr(self, name) for name in known},
            "locks": [*self.locks.values()],
        }


def _number(pair):
    """Tell different locks of one name apart."""
    one, other = (each.locks for each in pair)
    for mine in set(one) - set(other):
        for theirs in set(other) - set(one):
            if one[mine] == other[theirs]:
                one[mine], other[theirs] = f"{one[mine]} #1", f"{other[theirs]} #2"
                break


_raddle._equip(race=found)
