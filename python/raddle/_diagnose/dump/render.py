"""`raddle.dump()`: every thread of this process, what it does or waits for, and where."""

import re
import sys
import time

from raddle._diagnose.program import executors, naming, process, stack, taken_at
from raddle._diagnose.report import deaths, ending, report, sentences

groups = []  # functions that return lines about groups of threads


def dump(file=None):
    """Write every thread, what it waits for or does, and its stack to `file` (None: stderr).

    For each thread: name, ident, whether it is a daemon, since how many seconds it waits for
    what and whether it has a timeout, the locks that it is known to hold, and its stack,
    innermost call first. `file` is a text file. Counterpart: faulthandler.dump_traceback(),
    which shows the stacks alone.
    """
    report.show(describe, file)


def describe(colour=False):
    """Return the dump as text."""
    with stack.Moment() as moment:
        # (A program without threads may not have loaded this; then there is one thread.)
        thread = sys.modules.get("_thread")
        me = thread.get_ident() if thread else min(moment.idents())
        asker = me, "asked for this dump"
        return _described(moment, report.painter(colour), moment.waits, asker)


def describe_for(main, waits, colour=False):
    """Return the dump as text that a signal's handler asks for, in another thread than its own.

    `main` is the ident of the handler's, `waits` what `_waits()` gave there: that thread waits
    for this dump since.
    """
    with stack.Moment() as moment:
        waits = [each for each in waits if each[0] == main]
        waits += [each for each in moment.waits if each[0] != main]
        asker = main, "was stopped for this dump"
        return _described(moment, report.painter(colour), waits, asker)


def _described(stacks, paint, waits, asker):
    waits = {each[0]: each for each in waits}
    main, at_end = _ended(stacks)
    over = None  # the main thread, if there is nothing left of the program but its threads
    if at_end == ending.THREADS and main in waits and not stacks.of(main):
        over = main
    idents = {*stacks.idents(), *waits}
    steady = [stacks.of(ident) for ident in stack.steady(idents, waits.values())]
    pooled = [executors.executor_of(-each[3]) for each in waits.values() if each[3] < 0]
    names = naming.Names([*(each[2] for each in waits.values()), *pooled], steady)
    held = _held([each for each in waits.values() if each[0] != over], stacks, names)
    count = f"{len(idents)} thread{'s' * (len(idents) != 1)}"
    out = [paint("head", f"raddle: {count} of {process.facts()}"), ""]
    (me, does), now = asker, time.monotonic()
    for ident in sorted(idents, key=stack.order):
        if ident == over:
            state = _exiting(waits[ident], now)
        elif ident in waits:
            state = _waiting(waits[ident], stacks, names, now)
        elif ident == me:
            state = does
        else:
            state = _state(ident)
        where = sentences.where({"ending": at_end if ident == main else None})
        name = paint("name", stack.name_of(ident))
        out.append(f"  {name}{where} ({_facts(ident)}) {state}")
        if ident in held:
            out.append(f"      holds {', '.join(held[ident])}")
        if ident != over:
            out += report.drawn(stack.entries(stacks.of(ident)), paint, stack.purpose(ident))
    out += [f"  {line}" for told in groups for line in told()]
    out += [f"  {deaths.told(each)}" for each in deaths.recent()]
    return "\n".join([*out, ""])


def _ended(stacks):
    """Return the main thread's ident, and what it is at after the program's last line."""
    core = sys.modules.get("raddle._raddle")
    main = core._main_ident() if core is not None else 0
    return main, ending.state(stacks.innermost(main))


def _exiting(wait, now):
    ident, _, _, _, since, _ = wait
    link = {"kind": ending.THREADS, "name": ending.awaited(ident), "provider": None}
    return f"{sentences.wait(link)}, for {max(0.0, now - since):.1f} s"


def _facts(ident):
    """Return a thread's number and what else its Thread object knows."""
    thread = stack.thread_of(ident)
    facts = [f"ident {ident}"]
    if thread is None:
        facts.append("not started by threading")
    else:
        native = stack.fact(thread, "_native_id")
        if native is not None:
            facts.append(f"native id {native}")
        if stack.fact(thread, "_daemonic"):
            facts.append("daemon")
    return ", ".join(facts)


def _provider(ident, stacks):
    return stack.name_of(ident) if ident in stacks.idents() else process.gone()


def _waiting(wait, stacks, names, now):
    ident, kind, value, provider, since, timed = wait
    seen = stacks.of(ident)
    named = names.of(value, seen) if value is not None else sentences.some(kind)
    importing = stacks.importing(ident) if kind in sentences.LOCKS else None
    if importing is not None:
        (named, provider), kind = importing, "import"
    elif kind == "event" and stack.is_due(ident, value):
        kind = "timer"
    link = {
        "thread": stack.name_of(ident),
        "kind": kind,
        "name": named,
        "provider": _provider(provider, stacks) if provider > 0 else None,
        "pool": executors.called_at(-provider, names) if provider < 0 else None,
    }
    plain = value is None or kind in sentences.PLAIN
    note = names.note(value, seen)
    kind = "" if plain else f" ({naming.kind(value)}{f', {note}' if note else ''})"
    timeout = ", with a timeout" if timed else ""
    lasting = max(0.0, now - since)
    return f"{sentences.wait(link)}{kind}{sentences.due(link)}, for {lasting:.1f} s{timeout}"


def _state(ident):
    """Return what a thread does that is in no wait of raddle's."""
    native = stack.fact(stack.thread_of(ident), "_native_id")
    if type(native) is int:
        try:
            with open(f"/proc/self/task/{native}/stat") as file:
                state = re.sub(r".*\) ", "", file.read())[:1]
        except OSError:
            state = ""
        if state in ("S", "D"):
            return "waits outside raddle: for time, input, output or another library"
    return "runs"


def _held(waits, stacks, names):
    """Return what each thread is known to hold: that for which others wait."""
    held, awaited = {}, {each[0]: each[2] for each in waits}
    places = taken_at.Sites(awaited)
    for _, kind, value, provider, *_ in waits:
        if provider <= 0 or kind not in sentences.LOCKS or value is None:
            continue
        text = names.of(value)
        if provider in awaited:
            text += _taken(provider, stacks.of(provider), value, places)
        if text not in held.setdefault(provider, []):
            held[provider].append(text)
    return held


def _taken(ident, seen, value, places):
    """Return where a thread took what it holds, as an insertion."""
    place = places.taken(ident, seen, value)
    if place is None:
        return ""
    file, line, _ = place
    top = seen[0]
    here = places.awaits(ident, value) and line == top[1]
    again = here and file == stack.shown(top[0].f_code.co_filename)
    return f" ({taken_at.told(place)}{', in an outer call' if again else ''})"
