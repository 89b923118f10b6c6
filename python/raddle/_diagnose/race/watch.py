"""The check for races: which code is looked at, and how the interpreter is made to show it.

`sys.monitoring` calls back when a function first starts: if it is the program's own, its
accesses are worked out, and before each of these the interpreter calls the extension. It calls
for all other instructions as well, once: the first call switches an instruction off.
"""

import _thread
import atexit
import collections
import os
import sys
import time

from raddle import _raddle
from raddle._diagnose.program import stack
from raddle._diagnose.race import accesses, seams, settings, tables
from raddle._diagnose.report import report

PATIENCE = 1.0  # seconds that a thread waits for another one that looks at what it is to run
ALIKE = 8  # code objects of one name and place that are looked at
WHOLES = 256  # code objects of one file, as those that exec() is given, that are looked at

_tool = None
_claims = {}  # by id of a code object, which thread looks at it
_made = collections.Counter()
_wholes = collections.Counter()  # code objects that are in no other one, by their files
_names = {}  # by id of a code object, what is written in its file; with it, so that it stays
_known = {}  # by id, (code object, its names, those that it reads and that nothing writes late)
_written = accesses.Names.of_nothing()
_packages = ()
_turns = frozenset()  # see turn_at()
_STEPLESS = {"imported", "entered", "made", "test"}  # they access nothing


def is_on():
    """Return whether races are looked for."""
    return _tool is not None


def start(packages=(), strict=False, missing_ok=False):
    """Look for races in code that is first run from now on.

    Raises RuntimeError where that cannot be done, and, unless `missing_ok`, ValueError for a
    package that is not there.
    """
    global _tool, _packages
    why = settings.refusal()
    if why:
        raise RuntimeError(why)
    _packages = settings.folders(packages, missing_ok)
    if _tool is None:
        _prepare()
        tool = settings.slot()
        sys.monitoring.use_tool_id(tool, settings.NAME)
        try:
            _switch(False, strict)
            _prove(tool)
            _listen(tool)
        except BaseException:
            _let_go(tool)
            raise
        seams.see_the_end()
        _tool = tool
        atexit.register(stop)  # It is run last. What comes then is the interpreter's own end.
    _switch(True, strict)


def _prepare():
    """Import what a report needs.

    told.py hands its function in. And in a child that is forked while another thread makes the
    first report, what that is importing would be half imported for ever.
    """
    import dis  # noqa: F401
    import io  # noqa: F401
    import linecache  # noqa: F401
    import select  # noqa: F401
    import tokenize  # noqa: F401

    from raddle._diagnose import deadlock  # noqa: F401
    from raddle._diagnose.race import told  # noqa: F401


def stop():
    """Look for no races any more."""
    global _tool
    if _tool is not None:
        _switch(False, False)
        seams.unsee()
        if sys.monitoring.get_tool(_tool) == settings.NAME:  # A program can free what it likes.
            _let_go(_tool)
        _tool = None


def _switch(on, strict):
    kinds = list(tables.CONTAINERS)
    classes = (tables.Plain, tables.WithDel)
    disable = sys.monitoring.DISABLE
    _raddle._race_check(on, strict, disable, kinds, classes, tables.calls(), list(_packages))


def _let_go(tool):
    events = sys.monitoring.events
    sys.monitoring.set_events(tool, 0)
    for event in (events.PY_START, events.INSTRUCTION):
        sys.monitoring.register_callback(tool, event, None)
    sys.monitoring.free_tool_id(tool)


def _listen(tool):
    events = sys.monitoring.events
    sys.monitoring.register_callback(tool, events.INSTRUCTION, _raddle._race_instruction)
    sys.monitoring.register_callback(tool, events.PY_START, _started)
    sys.monitoring.set_events(tool, events.PY_START)
    sys.monitoring.restart_events()


def _started(code, offset):
    """A function starts for the first time. (What is raised here would be the program's.)"""
    try:
        if _is_wanted(code):
            seams.see()
            _look_at_once(code)
    except Exception as error:
        text = f"raddle: {code.co_qualname} cannot be looked at for races: {error!r}\n"
        report.show(lambda colour: text)
    return sys.monitoring.DISABLE


def _is_wanted(code):
    name = code.co_filename
    if name.startswith("<frozen"):
        return False
    if stack.is_own_file(name) or name.startswith(_packages or ("\0",)):
        return True
    turns = _turns_of(name)
    return bool(turns) and any(line in turns for _, _, line in code.co_lines())


def _turns_of(path):
    """Return the lines of a file at which threads come to a point, see turn_at()."""
    path = path.replace("\\", "/")
    return {line for name, line in _turns if path == name or path.endswith(f"/{name}")}


class _Claim:
    """A thread looks at a code object, or has done so."""

    __slots__ = ("code", "is_done", "thread")

    def __init__(self):
        self.thread, self.is_done, self.code = _thread.get_ident(), False, None


def _look_at_once(code):
    """Look at a code object, or wait until another thread has: its first run counts, too."""
    mine = _Claim()
    claim = _claims.setdefault(id(code), mine)
    if claim is not mine:
        _wait_for(claim)
        return
    try:
        if not _is_one_of_many(code):
            mine.code = code  # It is kept: its id stays its own.
            _look_at(code)
    finally:
        mine.is_done = True
        if mine.code is None:
            _claims.pop(id(code), None)


def _wait_for(claim):
    """Wait for another thread, but not for ever: it may itself wait for this one.

    (A signal handler may run what its own thread is just looking at.)
    """
    until = time.monotonic() + PATIENCE
    while (
        not claim.is_done and claim.thread != _thread.get_ident() and time.monotonic() < until
    ):
        time.sleep(0.0002)


def _forked():
    """Give up the claims of the parent's other threads: there are none here."""
    for key, claim in list(_claims.items()):
        if not claim.is_done and claim.thread != _thread.get_ident():
            del _claims[key]


def _is_one_of_many(code):
    """Whether code of that name and place is made again and again, by exec() say.

    (What is looked at is kept for ever.)
    """
    key = code.co_filename, code.co_qualname, code.co_firstlineno
    _made[key] += 1
    return _made[key] > ALIKE


def _look_at(code):
    """Have the extension look at the accesses of a code object."""
    known = _names.get(id(code))
    if known is None:
        _wholes[code.co_filename] += 1
        if _wholes[code.co_filename] > WHOLES:
            return
        written = accesses.Names(code)
        for each in accesses.nested(code):
            _names[id(each)] = each, written
        again = written.attr - _written.attr
        _written.attr |= written.attr
        if again:
            _look_again(again)
    written = _names[id(code)][1]
    names = _names_for(written)
    if code.co_name == "__del__":
        return  # What it is of nobody else has. (What it calls is looked at.)
    entries = accesses.of(code, names)
    left = {name for name in code.co_names if name not in names.attr}
    _known[id(code)] = code, written, left
    if _raddle._race_code(code, len(code.co_code), _locals(code), entries):
        tool = settings.slot()
        sys.monitoring.set_local_events(tool, code, sys.monitoring.events.INSTRUCTION)
        if _turns:
            _make_points(code, entries)


def _names_for(written):
    """Return the names whose accesses are looked at, in a file that writes `written`."""
    names = accesses.Names.of_nothing()
    names.attr, names.globals, names.deref = _written.attr, written.globals, written.deref
    return names


def turn_at(places):
    """Have threads that take turns come to a point at accesses in these lines, (file, line)s,
    and in no others. A file is the end of its path. That code is looked at, whoever's it is."""
    global _turns
    _turns = frozenset(places)
    for code, written, _ in list(_known.values()):
        _make_points(code, accesses.of(code, _names_for(written)))
    sys.monitoring.restart_events()


def _make_points(code, entries):
    turns, lines = _turns_of(code.co_filename), {}
    if turns:
        for start, end, line in code.co_lines():
            lines.update(dict.fromkeys(range(start, end, 2), line))
    at = [entry[0] for entry in entries if entry[1] not in _STEPLESS]
    _raddle._race_points(code, [each for each in at if lines.get(each) in turns])


def _look_again(names):
    """Code that only read those names is looked at again: something writes them."""
    changed = False
    for code, _, left in list(_known.values()):
        if left & names and _known.pop(id(code), None):
            changed = True
            _look_at(code)
    if changed:
        sys.monitoring.restart_events()


def _locals(code):
    """Return how many local variables, cells included, the frames of a code object have."""
    cells = [name for name in code.co_cellvars if name not in code.co_varnames]
    return len(code.co_varnames) + len(cells) + len(code.co_freevars)


_PROOF = """
def outer(owner, box, key, value):
    def inner():
        return value
    for each in box:
        first = owner.attr = value
    found = [owner.attr, box[key], len(box), *[each for each in box]]
    box[key] = value
    if key in box and box:
        inner()
    return found
def steps(owner, value):
    yield
    owner.attr = value
"""


def _prove(tool):
    """See whether the interpreter's frames have their values where they are looked for.

    Raises RuntimeError if not: to read them would then be to read anything.
    """
    names = {}
    whole = compile(_PROOF, "<raddle>", "exec")
    exec(whole, names)
    written = accesses.Names(whole)
    seen, events = [], sys.monitoring.events
    sys.monitoring.register_callback(tool, events.INSTRUCTION, _raddle._race_instruction)
    for each in (names["outer"].__code__, names["steps"].__code__):
        entries = [entry for entry in accesses.of(each, written) if entry[1] in _PROVEN]
        _raddle._race_code(each, len(each.co_code), _locals(each), entries)
        sys.monitoring.set_local_events(tool, each, events.INSTRUCTION)
    owner, box, value = tables.Plain(), ["item"], "value"
    _raddle._race_probe(seen)
    try:
        names["outer"](owner, box, 0, value)
        for _ in names["steps"](owner, value):
            pass
    finally:
        _raddle._race_probe(None)
        sys.monitoring.register_callback(tool, events.INSTRUCTION, None)
    # (3.13.1 and later ones ask a comprehension's iterator for its iterator once more.)
    seen = [each for each in seen if type(each) is not type(iter(box))]
    expected = [box, owner, owner, 0, box, 0, box, owner]
    if len(seen) != len(expected) or any(map(lambda a, b: a is not b, seen, expected)):
        version = sys.version.split()[0]
        raise RuntimeError(
            f"races cannot be looked for: the frames of this Python {version} are not as they "
            "are known to be"
        )


_PROVEN = {"iterate", "store_attr", "load_attr", "load_item", "store_item", "contains"}

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
