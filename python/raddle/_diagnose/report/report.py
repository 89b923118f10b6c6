"""The report of a deadlock: which thread waits for what, what holds it, where, what helps.

A report is text and numbers only: it keeps no thread, frame or primitive alive.
"""

import os
import sys
import time

from raddle import _raddle
from raddle._diagnose.program import executors, made_at, naming, process, stack, taken_at
from raddle._diagnose.report import deaths, ending, sentences

NOTED = 0.05  # seconds from which on it is said how long a wait has lasted
PAINTS = {"head": "1;31", "name": "1", "place": "36", "ring": "1;33", "cure": "32", "dim": "2"}


class Told:
    """What is told of threads: a `sentence`, and all of it as `render(colour)` gives it."""

    __slots__ = ()

    @property
    def text(self):
        """The report as it is printed, without colours."""
        return self.render(False)

    def __str__(self):
        return self.text

    def __repr__(self):
        return f"<{type(self).__name__}: {self.sentence}>"


class Report(Told):
    """A deadlock that was found.

    `kind` is "cycle" (a ring of threads, each waiting for the next), "starved" (the workers of
    a pool wait for calls that only they could make) or "asleep" (every thread waits and none
    could wake another); `certain` is whether it could not end by itself: a Lock may be
    released, and a Future ended, by any thread, so a ring through one is only likely. `ways`
    has, of threads that are all asleep, the signals that could still end it, in words. `time`
    is when it was found, in seconds since 1970. `threads` has a dict for each thread: its name
    and ident, the kind, type and name of what it waits for and where that was "made" (a lock
    that is checked, see configure(); else None), what else is said of it ("note"), the variable
    that has another one by now ("replaced"), since how many seconds, on whom ("provider") or on
    the workers of which executor ("pool"), where that one took it ("held"), what the thread
    "runs", what the main one is at after the program's last line ("ending": "exit" or
    "handler"), and its stack, innermost first. `sentence` says it in words, `cure` what
    usually helps, and `text` is all of it as it is printed. `deaths` has a dict for each of
    the last threads that ended with an exception: its name, the exception's, where that was
    raised, how many seconds "ago", and what it "used" of what others wait for. `process` says
    which process it was.
    """

    __slots__ = (
        *(
            "certain",
            "cure",
            "deaths",
            "kind",
            "process",
            "sentence",
            "threads",
            "time",
            "ways",
        ),
    )

    def __init__(self, kind, ring, certain, waits=(), ways=()):
        """Describe `ring`: (ident, kind of wait, object or None, provider)s, as _waits() has.

        `ways` says what a signal could still bring about.
        """
        self.kind, self.certain, self.time = kind, bool(certain and not ways), time.time()
        self.ways, ring = list(ways), list(ring)
        self.threads = _links(kind, ring, waits)
        awaited = {each[0]: each[2] for each in ring}
        self.deaths = deaths.recent([(each, awaited[each["ident"]]) for each in self.threads])
        self.process = process.facts()
        self.sentence = sentences.sentence(kind, self.threads)
        self.cure = sentences.cure(kind, self.threads)
        if kind != "cycle":
            self.cure = deaths.cure(self.deaths) + self.cure

    def to_dict(self):
        """Return the report as dicts, lists, text and numbers, ready for json.dumps()."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        fields["threads"] = [
            {**each, "stack": [dict(entry) for entry in each["stack"]]} for each in self.threads
        ]
        return fields

    @property
    def heading(self):
        """What was found, in one line."""
        found = sentences.heading(self.kind, self.threads, self.certain, self.ways)
        return found if self.kind == "cycle" else found + deaths.heading(self.deaths)

    def render(self, colour):
        """Return the report as text, with a terminal's colours if asked for."""
        paint = painter(colour)
        out = [
            paint("head", f"raddle: {self.heading}"),
            paint("dim", f"  in {self.process}"),
            "",
        ]
        for group in sentences.groups(self.kind, self.threads):
            each, (names, wait) = group[0], sentences.together(group)
            since = f", for {each['since']:.1f} s" if (each["since"] or 0) >= NOTED else ""
            made = f", made at {each['made']}" if each["made"] else ""
            made += f", {each['note']}" if each["note"] else ""
            what = "" if each["kind"] in sentences.PLAIN else f" ({each['type']}{made})"
            out.append(f"  {paint('name', names)} {wait}{what}{sentences.due(each)}{since}")
            if each["kind"] != ending.THREADS and not (
                each["kind"] == "work" and len(group) > 1
            ):
                out += drawn(each["stack"], paint, each["runs"])
        if self.kind != "cycle":
            out += [f"  {deaths.told(each)}" for each in self.deaths]
        out += ["", "  " + paint("ring", self.sentence)]
        if not self.certain:
            out.append("  " + paint("dim", sentences.doubt(self.kind, self.threads, self.ways)))
        out += ["  " + paint("cure", self.cure), ""]
        return "\n".join(out)


def painter(colour):
    """Return a function that paints a text, or leaves it as it is."""
    if not colour:
        return lambda paint, text: text
    return lambda paint, text: f"\x1b[{PAINTS[paint]}m{text}\x1b[0m"


def drawn(entries, paint, runs=None):
    """Return the lines that show a stack, or what the thread `runs` where there is none."""
    out = []
    for each in entries:
        place = paint("place", f"{each['file']}:{each['line']}")
        out.append(f"      {place} in {each['function']}")
        if each["source"]:
            out.append(f"          {each['source']}")
    what = runs or "inside the interpreter"
    return out or [paint("dim", f"      (no line of the program: {what})")]


def _links(kind, ring, waits):
    """Return the threads of a report, in an order that is the same each time."""
    ring = _ordered(kind, list(ring))
    called = _called([ident for ident, *_ in ring])
    now = time.monotonic()  # (To look for names takes a while.)
    began = {each[0]: (max(0.0, now - each[4]), each[5]) for each in waits}
    with stack.Stacks() as stacks:
        steady = stack.steady(stacks.idents(), waits)
        looked = dict.fromkeys([ident for ident, *_ in ring] + steady)
        providers = {each[3]: executors.executor_of(-each[3]) for each in ring if each[3] < 0}
        wanted = [*(each[2] for each in ring), *providers.values()]
        names = naming.Names(wanted, [stacks.of(each) for each in looked])
        queued = {key: executors.called(each, names) for key, each in providers.items()}
        where = taken_at.Sites({each[0]: each[2] for each in ring})
        return [_link(each, stacks, names, where, called, began, queued) for each in ring]


def _link(link, stacks, names, where, called, began, queued):
    ident, wait, value, provider = link
    pool, provider = queued.get(provider), max(provider, 0)
    lasting, timed = began.get(ident, (None, False))
    alive = stacks.idents()
    seen = stacks.of(ident)
    held, named, type_ = None, names.of(value, seen), naming.kind(value)
    made = _raddle._made(value) if wait in sentences.LOCKS else None
    importing = stacks.importing(ident) if wait in sentences.LOCKS else None
    at_end = ending.state(stacks.innermost(ident)) if ident == _raddle._main_ident() else None
    if at_end == ending.THREADS and not stacks.of(ident):
        # (For what it waits, and whose that is, differs from version to version.)
        named, provider, wait, value = ending.awaited(ident), 0, ending.THREADS, None
        type_ = wait
    elif importing is not None:
        (named, provider), wait, type_ = importing, "import", "import"
    elif value is None or wait == "futures":
        named, type_ = sentences.some(wait), wait
    elif wait == "future" and names.where(value) is None:
        named = sentences.A_CALL
    if provider and wait in sentences.LOCKS and value is not None:
        held = where.taken(provider, stacks.of(provider), value)
    if provider and provider not in called:
        called[provider] = stack.name_of(provider) if provider in alive else process.gone()
    return {
        "thread": called[ident],
        "ident": ident,
        "kind": wait,
        "type": type_,
        "name": named,
        "made": made_at.shown(made) if made else None,
        "note": names.note(value, seen),
        "replaced": names.replaced(value, seen),
        "found": names.where(value),
        "since": None if lasting is None else round(lasting, 3),
        "timeout": bool(timed),
        "provider": called[provider] if provider else None,
        "pool": pool,
        "held": taken_at.told(held),
        "runs": stack.purpose(ident),
        "ending": at_end,
        "stack": stack.entries(seen),
    }


def _called(idents):
    """Return the threads' names by ident; those of one name get their ident as well."""
    names = {ident: stack.name_of(ident) for ident in idents}
    known = list(names.values())
    return {
        ident: name
        if known.count(name) == 1 or name.endswith(str(ident))
        else f"{name} ({ident})"
        for ident, name in names.items()
    }


def _ordered(kind, ring):
    """Begin a ring with the thread whose name comes first; of sleepers, put the idle last."""

    if kind != "cycle":
        # A thread that waits for something to do, or for an item, seldom is the cause.
        idle = {"work": 2, "queue get": 1}
        return sorted(ring, key=lambda link: (idle.get(link[1], 0), stack.order(link[0])))
    first = min(range(len(ring)), key=lambda at: stack.order(ring[at][0]), default=0)
    return ring[first:] + ring[:first]


def coloured(stream):
    """Return whether a stream is a terminal that wants colours."""
    try:
        return coloured_descriptor(stream.fileno())
    except Exception:  # It is in memory, or closed.
        return False


def coloured_descriptor(number):
    """Return whether a descriptor is that of a terminal that wants colours."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return os.isatty(number)


def stderr():
    """Return sys.stderr, or the interpreter's first one if a program's own class is there.

    (Its code might want a lock that is part of the deadlock.)
    """
    import io

    stream = sys.stderr
    if isinstance(stream, (io.TextIOWrapper, io.StringIO)):
        return stream
    return sys.__stderr__


def show(make, stream=None):
    """Write `make(colour)` to a stream, by default stderr.

    A real file is written past its buffer, whose lock a thread that hangs may hold.
    """
    stream = stderr() if stream is None else stream
    if stream is None:
        return
    text = make(coloured(stream))
    try:
        number = stream.fileno()
    except Exception:  # It is in memory, or closed.
        _write_text(stream, text)
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    write(number, text.encode(encoding, "backslashreplace"))


def _write_text(stream, text):
    try:
        stream.write(text)
    except ValueError:
        return  # It is closed: there is nobody to tell.


def write(number, data):
    """Write all of `data` to a descriptor; give up where it takes no more."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(number, view) :]
        except BlockingIOError:
            import select

            if not select.select([], [number], [], 1.0)[1]:
                return
        except OSError:
            return
