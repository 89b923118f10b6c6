"""What a report of a race says: what each thread does, what can happen, and what helps."""

import collections
import re

from raddle._diagnose.program import stack

WHAT = {
    "update": "an update can be lost",
    "check": "it is checked, then acted upon",
    "walk": "it is changed while it is walked",
    "unordered": "nothing says which comes first",
}
DOUBT = "(It may have gone well this time: in another run it can go wrong.)"

# What an access does, by what the extension calls it; and a write that belongs to a read.
DOES = {"read": "reads", "written": "writes", "changed": "changes", "walked": "walks"}
WROTE = {"update": "updates", "check": "acts"}
_SAID = {
    "reads": ("reads it", "read it"),
    "writes": ("writes it", "write it"),
    "changes": ("changes it", "change it"),
    "walks": ("walks over it", "walk over it"),
    "checks": ("checks it", "check it"),
    "updates": ("reads it{} and writes it back", "read it{} and write it back"),
    "acts": ("checks it{}, then writes it", "check it{}, then write it"),
}
_NAME = re.compile(r"[\w.]+")
_NUMBER = re.compile(r" #[12]$")


def does(access, threads):
    """Return what one thread, or more, do, in words."""
    since = f" in line {access['since']}" if access["since"] else ""
    return _SAID[access["does"]][threads > 1].format(since)


def holding(access):
    """Return which locks are held, in words."""
    return f"holding {' and '.join(access['locks']) or 'no lock'}"


def together(accesses):
    """Return the accesses as groups of those that are alike but for their threads."""
    one, other = accesses
    if {**one, "thread": 0} == {**other, "thread": 0} and one["thread"] != other["thread"]:
        return [accesses]
    return [[one], [other]]


def guard(name, guards, pair):
    """Return the lock that the value wants, or None, and a sentence on those that hold it.

    `guards` has the names of the locks held at each place that writes the value.
    """
    held = collections.Counter(lock for locks in guards for lock in locks)
    lock, count = held.most_common(1)[0] if held else (None, 0)
    own = [{_NUMBER.sub("", lock) for lock in each.locks.values()} for each in pair]
    without = {each.at for each, locks in zip(pair, own, strict=True) if lock not in locks}
    if count * 2 <= len(guards) and all(own):
        return None, None  # Each place has a lock of its own: none is the one.
    if lock is None:
        # No place holds it that writes: one does that reads.
        return next((each for locks in own for each in sorted(locks)), None), None
    if not without or count == len(guards) == 1:
        return lock, None
    places = " and ".join(sorted(map(stack.short, without)))
    do = "do" if len(without) > 1 else "does"
    if count == len(guards):
        return lock, f"All places that write {name} hold {lock}; {places} {do} not."
    verb = "hold" if count != 1 else "holds"
    most = f"{count} of the {len(guards)} places that write {name} {verb} {lock}"
    return lock, f"{most}; {places} {do} not."


def sentence(harm, name, pair):
    """Return what can happen, in a sentence or two."""
    one, other = pair
    does = {one.does, other.does}
    if harm == "update" and does == {"updates"}:
        text = (
            f"If both threads read {name} before one of them writes it back, one of the two "
            "updates is lost."
        )
    elif harm == "update":
        text = (
            f"What is written to {name} between the other's read and its writing back is lost."
        )
    elif harm == "check":
        text = (
            f"Between the check and what is done upon it, another thread can change {name}: "
            "the check is out of date then."
        )
    elif harm == "walk":
        text = (
            f"{name} can change in the middle of the walk: items are left out or seen twice, "
            "or RuntimeError is raised."
        )
    elif does == {"writes"}:
        text = f"Neither thread waits for the other: which of them writes {name} last is luck."
    else:
        writer, reader = sorted(pair, key=lambda each: each.does == "reads")
        text = (
            f"{reader.thread} does not wait for {writer.thread}: whether it reads {name} "
            "before or after that is luck."
        )
    return text + _locks(one.locks, other.locks)


def _locks(one, other):
    """Return what is to be said of the locks that both hold, after a blank; or nothing."""
    both = [name for number, name in one.items() if number in other]
    if both:
        return f" {both[0]} is released in between."
    if one and other:
        return " Two different locks keep nobody out."
    return ""


def cure(harm, lock, pair):
    """Return what helps, in a sentence."""
    one, other = pair
    span = _span(harm, pair)
    for number, name in one.locks.items():
        if number in other.locks:
            return f"Hold {name} all the way{span}: in one `with` block."
    put = f"{_put(lock, pair)}{span}"
    if harm == "walk":
        return f"{put}; or walk over a copy that is made under it."
    if harm == "unordered":
        first, then = ("one thread", "the other")
        if one.does != other.does:
            then, first = (
                each.thread for each in sorted(pair, key=lambda each: each.does == "reads")
            )
        return (
            f"Have {first} wait for {then}, by join(), an Event or a queue. Or, if any order "
            f"will do: {put[0].lower()}{put[1:]}."
        )
    return f"{put}."


def _span(harm, pair):
    """Return from where to where a lock has to be held, where one line does not say so."""
    if harm == "check":
        return ", from the check to the write"
    alone = all(each.does == "updates" and not each.since and not each.is_far for each in pair)
    return ", from the read to the write" if harm == "update" and not alone else ""


def _put(lock, pair):
    """Return where which lock is to be held."""
    held = [lock in each.locks.values() for each in pair]
    if all(each.locks for each in pair) and not any(held):
        return "Have all threads hold one and the same lock here"
    if any(each.is_far and each.does in WROTE.values() for each in pair):
        lines = "all of it"
    elif lock is not None and any(held):
        without = {_lines(each) for each, held in zip(pair, held, strict=True) if not held}
        lines = f"{' and '.join(sorted(without))} too"
    elif len({each.at for each in pair}) > 1:
        lines = "both"
    else:
        lines = _lines(pair[0]) if pair[0].since else "this line"
    if lock is None:
        make = "Make one lock for all threads (lock = threading.Lock())"
        return f"{make}, and put `with lock:` around {lines}"
    return (
        f"Put `with {lock}:` around {lines}"
        if _NAME.fullmatch(lock)
        else f"Hold {lock} around {lines}"
    )


def _lines(access):
    """Return "file:line", with both lines where the read is in another one than the write."""
    place = stack.short(access.at)
    file, _, line = place.rpartition(":")
    return f"{file}:{access.since}-{line}" if access.since else place
