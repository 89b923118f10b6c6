"""Lock orders that contradict each other: their reports, and which are known to be fine.

The core finds them. It calls `found` with no lock of its own held, in the thread in which
deadlock.py's is called, once for each pair (or ring) of places where locks are made.
"""

import collections
import os
import re
import sys

from raddle import _raddle
from raddle._diagnose.program import made_at, process, stack
from raddle._diagnose.report import known, report

KEPT = 100  # inversions that inversions() remembers

_found = collections.deque(maxlen=KEPT)
_known = tuple(filter(None, os.environ.get("RADDLE_KNOWN_ORDERS", "").split(",")))
_PLACES = ("made", "made_through", "held_at", "held_through", "next_at", "next_through")
_NUMBER = re.compile(r" #\d+$")  # by which a report tells locks of one name apart


class Inversion(report.Told):
    """Locks that are taken inside one another in orders that contradict each other.

    `kind` is "order". `links` has a dict for each lock, in the ring's order: its name ("lock")
    and type, where it was made ("made"), the lock that was taken while it was held ("next"),
    where the two were taken ("held_at", "next_at": "file:line"), both source lines, and the
    thread that was first seen to do so. Where a library made or took one for the program,
    "made_through" and so on are its places, and the others are the program's that called it.
    `process` says which process it was, `sentence` says it in words, `cure` what helps, and
    `text` is all of it as it is printed. It keeps no thread, frame or lock alive.
    """

    __slots__ = ("cure", "kind", "links", "process", "sentence")

    def __init__(self, links):
        """`links`: ((number, kind, name, made), held, next, thread)s; a place is
        (file, line, function) or None, `thread` a name or None."""
        self.kind = "order"
        names = _names([lock for lock, *_ in links])
        self.links = [
            _link(each, name, names[(at + 1) % len(names)])
            for at, (each, name) in enumerate(zip(links, names, strict=True))
        ]
        held = [f"{each['lock']} is held when {each['next']} is taken" for each in self.links]
        self.process = process.facts()
        self.sentence = f"{', and '.join(held)}: threads that meet there wait for ever."
        order = ", then ".join(sorted(set(names)))
        self.cure = (
            f"Take the locks in one order everywhere (say, {order}), or the second one with "
            "acquire(timeout=...)."
        )

    def to_dict(self):
        """Return it as dicts, lists and text, ready for json.dumps()."""
        links = [dict(each) for each in self.links]
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {**fields, "links": links}

    def render(self, colour):
        """Return the report as text, with a terminal's colours if asked for."""
        paint = report.painter(colour)
        which = " and ".join(each["lock"] for each in self.links)
        out = [
            paint("head", f"raddle: lock order: {which} are taken in different orders"),
            paint("dim", f"  in {self.process}"),
            "",
        ]
        for each in self.links:
            out.append(
                f"  {paint('name', each['thread'])} took {each['lock']}, then {each['next']}"
            )
            for which in ("held", "next"):
                out += _drawn(each, which, paint)
        out += ["", "  " + paint("ring", self.sentence)]
        out += ["  " + paint("dim", "(Nothing hung: it is possible, not certain.)")]
        out += ["  " + paint("cure", self.cure), ""]
        return "\n".join(out)

    def _is_known(self):
        """Whether the program said that one of the places or names is fine."""
        words = {each[key] for each in self.links for key in _PLACES if each[key]}
        names = {_NUMBER.sub("", each["lock"]) for each in self.links}
        # (`Account.lock` is `self.lock` where it is made.)
        words |= names | {f"self.{name.partition('.')[2]}" for name in names if "." in name}
        return known.matches(words, _known)


def inversions():
    """Return the contradicting lock orders found so far, the oldest first.

    Each has `to_dict()`, which json.dumps() takes; the newest 100 are kept. The standard
    library has no counterpart.
    """
    return list(_found)


def check(on):
    """Switch the checking on or off, for locks that are made from now on."""
    _raddle._check_order(on)


def know(patterns):
    """From now on report no inversion with a place or a name that matches."""
    global _known
    _known = patterns


def found(finder, links):
    """Called for each inversion; return an exception for the finder's thread, or None.

    Or a function to be called in that thread, and its arguments. `finder` is its ident.
    """
    from raddle._diagnose import deadlock

    if deadlock.is_handling(finder):
        return None  # What is given one has an order of its own.
    if all(_is_stdlib(place) for _, held, following, _ in links for place in (held, following)):
        return None  # (logging's own locks have two orders, for one.) No program can change it.
    action = deadlock.action()
    try:
        inversion = Inversion(links)
        if inversion._is_known():
            return None
        _found.append(inversion)
        if not callable(action) and action != "ignore":
            report.show(inversion.render)
    except Exception as error:
        if not sys.is_finalizing():
            text = f"raddle: a lock order, which could not be described: {error!r}\n"
            report.show(lambda colour: text)
        return None
    return (deadlock.hand, finder, action, inversion) if callable(action) else None


def _is_stdlib(place):
    return place is not None and stack.is_stdlib_file(made_at.inmost(place))


def _link(link, name, following):
    (_, kind, _, made), held, following_at, thread = link
    return {
        "lock": name,
        "type": made_at.kind(kind),
        "made": made_at.shown(made),
        "made_through": made_at.through(made),
        "next": following,
        "held_at": made_at.shown(held),
        "held_through": made_at.through(held),
        "held_source": made_at.source(held),
        "next_at": made_at.shown(following_at),
        "next_through": made_at.through(following_at),
        "next_source": made_at.source(following_at),
        "thread": stack.clean(thread) if thread else "a thread",
    }


def _names(locks):
    """Return the locks' names; those of one name are numbered."""
    names = [made_at.lock(kind, name, made) for _, kind, name, made in locks]
    return [
        name if names.count(name) == 1 else f"{name} #{names[:at].count(name) + 1}"
        for at, name in enumerate(names)
    ]


def _drawn(link, which, paint):
    through = link[f"{which}_through"]
    more = f" (through {through})" if through else ""
    yield f"      {paint('place', link[f'{which}_at'])}{more}"
    if link[f"{which}_source"]:
        yield f"          {link[f'{which}_source']}"


_raddle._equip(lock_order=found)
