"""The accesses of a code object: which instructions read or write what other threads may see.

A name that is written where an object is made, and nowhere else, is not looked at where it is
read: whoever has the object has it with that. So the code of a file is looked at as a whole
first, see `Names`.
"""

import dis
import types

from raddle._diagnose.race import tables
from raddle._diagnose.race.flow import SUBSCRIPT, Flow

MAKES = {"__init__", "__post_init__", "__setstate__"}

# What C code calls, as a heap does: what it is called on may come from anywhere.
CALLED_FROM_C = {"__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__", "__hash__"}

# What an instruction does, by its name.
VARIABLES = {
    "LOAD_ATTR": "load_attr",
    "STORE_ATTR": "store_attr",
    "DELETE_ATTR": "delete_attr",
    "LOAD_GLOBAL": "load_global",
    "STORE_GLOBAL": "store_global",
    "DELETE_GLOBAL": "delete_global",
    "LOAD_NAME": "load_name",
    "STORE_NAME": "store_name",
    "DELETE_NAME": "delete_name",
    "LOAD_DEREF": "load_deref",
    "STORE_DEREF": "store_deref",
}
ITEMS = {
    "BINARY_SUBSCR": "load_item",
    "STORE_SUBSCR": "store_item",
    "DELETE_SUBSCR": "delete_item",
    "CONTAINS_OP": "contains",
    "BINARY_SLICE": "slice",
    "STORE_SLICE": "store_slice",
    "GET_ITER": "iterate",
    "FOR_ITER": "next",
    "LIST_EXTEND": "gather",
    "SET_UPDATE": "gather",
    "DICT_UPDATE": "gather",
    "DICT_MERGE": "gather",
    "UNPACK_SEQUENCE": "gather",
    "CALL": "call",
    "CALL_KW": "call_named",
    "TO_BOOL": "test",
    "UNARY_NOT": "test",
    "POP_JUMP_IF_TRUE": "test",
    "POP_JUMP_IF_FALSE": "test",
}
READ_ITEMS = {"load_item", "contains", "call", "call_named", "test", "slice"}
WRITE_ITEMS = {"store_item", "delete_item", "call", "call_named", "store_slice"}
SCOPES = {"attr": "attr", "global": "global", "name": "global", "deref": "deref"}

USED, WRITTEN_BACK, LINKED, UPDATED, CONSTANT, DECIDES, AS_IS = 1, 2, 4, 8, 16, 32, 1024
TAKES, PUTS = 2048, 4096
ABSENT, CHECK, UPDATE = 0, 1, 2


class Names:
    """The names that the code of a file writes where it makes no object."""

    def __init__(self, code):
        self.attr, self.globals, self.deref = set(), set(), set()
        stored, all_of_it = set(), list(nested(code))
        # (What belongs to a thread is seen by the names that are read of it, all of them.)
        self._has_locals = any("local" in each.co_names for each in all_of_it)
        for each in all_of_it:
            self._add(each, stored)

    @classmethod
    def of_nothing(cls):
        """Return names that nothing is known of yet."""
        names = cls.__new__(cls)
        names.attr, names.globals, names.deref = set(), set(), set()
        return names

    def _add(self, code, stored):
        flow = None
        makes = code.co_name in MAKES
        for offset, name, what in writes(code):
            if what in ("STORE_ATTR", "DELETE_ATTR"):
                if makes and flow is None:
                    flow = Flow(code, lambda op: False)
                if not makes or self._has_locals or offset not in flow.owner_is_first:
                    self.attr.add(name)
            elif what == "STORE_DEREF":
                (self.deref if name in code.co_freevars else set()).add(name)
                self._again(self.deref, stored, name, code)
            elif what == "STORE_GLOBAL":
                self.globals.add(name)
            elif code.co_name == "<module>":
                self._again(self.globals, stored, name, code)

    @staticmethod
    def _again(names, stored, name, code):
        if (code, name) in stored or name in code.co_varnames:
            names.add(name)
        stored.add((code, name))


def nested(code):
    """Yield a code object and all in it."""
    yield code
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield from nested(each)


def writes(code):
    """Yield (offset, name, instruction) of the variables that a code object writes."""
    loops = [
        (op.argval, op.offset)
        for op in dis.get_instructions(code)
        if op.opname.startswith("JUMP_BACKWARD")
    ]
    for op in dis.get_instructions(code):
        if op.opname.startswith(("STORE_", "DELETE_")) and op.opname in VARIABLES:
            yield op.offset, op.argval, op.opname
            if any(start <= op.offset <= end for start, end in loops):
                yield op.offset, op.argval, op.opname


def of(code, names):
    """Return (offset, what, depth, arg, name, flags, links) for each access of a code object.

    `depth` is how many values the frame's stack has before the instruction, `links` are
    (offset, how) of the reads that a write may belong to.
    """
    looked_at = {}

    def is_read(op):
        what = looked_at.get(op.offset, ...)
        if what is ...:
            what = looked_at[op.offset] = kind(op, names)
        return what is not None and (what in READ_ITEMS or what.startswith("load"))

    flow = Flow(code, is_read)
    found, reads, before = [], {}, None
    for block in flow.blocks:
        for op in block.ops:
            what = looked_at.get(op.offset, ...)
            if what is ...:
                what = kind(op, names)
            if what is None and op.offset in flow.depths:
                what = _beside(op, before, code)
            before = op
            if what is None or op.offset not in flow.depths:
                continue
            if what == "test" and op.offset in flow.not_containers:
                continue
            if what == "store_attr" and code.co_name in MAKES:
                if op.offset in flow.owner_is_first:
                    continue
            elif what.endswith("_name") and code.co_name != "<module>":
                continue
            if op.offset in flow.reads:
                reads[flow.reads[op.offset]] = op, what
            found.append((block, op, what))
    linked, updated, deciding, takes, puts, out = 0, 0, 0, 0, 0, []
    for block, op, what in found:
        links = {}
        is_call = what.startswith("call")
        callee = flow.callee.get(op.offset)
        if is_call and callee is not None and callee not in tables.CHANGES:
            pass  # It changes no container, or none that is known.
        elif is_call or what.startswith(("store", "delete")):
            links = dict(_links(flow, block, op, what, reads))
            for bit, how in links.items():
                linked |= bit
                if how == UPDATE:
                    updated |= bit
            checks = [bit for bit, how in links.items() if how != UPDATE]
            last = _last(flow, op, {bit: reads[bit][0] for bit in checks})
            decides = sum(last)
            deciding |= decides
            if is_call and callee in tables.TAKES:
                takes |= decides
            elif is_call:
                puts |= decides
        out.append((op, what, links))
    masks = {
        USED: flow.used,
        AS_IS: flow.used_as_is,
        WRITTEN_BACK: updated & ~flow.used_as_is,
        LINKED: linked,
        UPDATED: updated,
        DECIDES: deciding,
        TAKES: takes,
        PUTS: puts,
    }
    return [_entry(flow, *each, reads, masks) for each in out]


def _beside(op, before, code):
    """Return what an instruction stands for that accesses nothing itself, or None."""
    if before is not None and before.opname == "IMPORT_NAME":
        return "imported"
    is_first = before is not None and before.opname == "RESUME"
    if is_first and code.co_name in CALLED_FROM_C:
        return "entered"
    if op.opname.startswith("RETURN_") and code.co_name == "<module>":
        return "made"
    return None


def _entry(flow, op, what, links, reads, masks):
    bit = flow.reads.get(op.offset, 0)
    flags = sum(flag for flag, mask in masks.items() if bit & mask) | CONSTANT * (
        op.offset in flow.constant
    )
    name = op.argval if op.opname in VARIABLES else None
    arg = op.arg or 0
    links = [(reads[bit][0].offset, how) for bit, how in links.items()]
    return op.offset, what, flow.depths[op.offset], arg, name, flags, links


def kind(op, names):
    """Return what an instruction does to what other threads may see, or None."""
    name = op.opname
    if name == "BINARY_OP" and op.arg == SUBSCRIPT:
        return "load_item"
    if name in ITEMS:
        return ITEMS[name]
    what = VARIABLES.get(name)
    if what is None:
        return None
    how, _, scope = what.partition("_")
    if scope == "attr":
        return what if how != "load" or op.argval in names.attr else None
    among = names.deref if scope == "deref" else names.globals
    return what if op.argval in among else None


def _links(flow, block, op, what, reads):
    """Yield (bit, how) of the reads that a write may belong to."""
    made_of = flow.writes.get(op.offset, 0)
    guards = {}
    if any(_is_validation(bits, reads) for bits in flow.guards_of_round[block.number]):
        return
    for bits, absent in flow.guards[block.number].items():
        for bit in reads:
            if bit & bits:
                guards[bit] = guards.get(bit, True) and bool(absent)
    is_call = what.startswith("call")
    for bit, (read, kind_of_read) in reads.items():
        if read is op or not _is_alike(flow, op, what, read, kind_of_read):
            continue
        is_item = _scope(flow, op, what) == "item"
        if is_item and not _is_one_container(flow, op, read):
            continue
        if _is_taken(flow, read):
            continue  # What was taken out is nobody else's.
        are_slices = what == "store_slice" and kind_of_read == "slice"
        if are_slices and not {op.offset, read.offset} <= flow.wholes:
            continue  # They may be of different items.
        is_made = not is_call or not is_item or _is_of_one_container(flow, op, read)
        if bit & made_of and is_made:
            yield bit, UPDATE
        elif bit in guards and not (guards[bit] and what.startswith("delete")):
            yield bit, ABSENT if guards[bit] else CHECK
        elif kind_of_read.startswith("load") and not is_call and _is_one_statement(read, op):
            yield bit, UPDATE  # a swap


def _is_validation(bits, reads):
    """Whether a test compares a value with what it was when it was read before.

    (What is then written is made of what is still there: compare and swap, under a lock.)
    """
    names = [
        read.argval
        for bit, (read, _) in reads.items()
        if bit & bits and read.opname in VARIABLES
    ]
    return len(names) != len(set(names))


def _last(flow, op, checks):
    """Yield the bits of those checks after which a write can come without another check."""
    at = {read.offset: bit for bit, read in checks.items()}
    for bit, read in checks.items():
        waiting, seen = [(flow.block_of[read.offset], read.offset)], set()
        while waiting:
            block, after = waiting.pop()
            following = [each.offset for each in block.ops if each.offset > after]
            met = next((each for each in following if each in at or each == op.offset), None)
            if met == op.offset:
                yield bit
                break
            if met is None or after >= 0:
                ways = [*block.following(), *block.handlers] if met is None else block.handlers
                for each in ways:
                    if each.number not in seen:
                        seen.add(each.number)
                        waiting.append((each, -1))


def _is_alike(flow, op, what, read, kind_of_read):
    """Whether a write and a read may be of one place."""
    scope, of_read = _scope(flow, op, what), _scope(flow, read, kind_of_read)
    named = op.opname in VARIABLES and read.opname in VARIABLES
    return scope == of_read and (not named or op.argval == read.argval)


def _scope(flow, op, what):
    """Return what an instruction accesses: an "attr", a "global", a "deref", or an "item"."""
    if what.startswith("call"):
        return "attr" if flow.callee.get(op.offset) in tables.NAMES_ATTRIBUTES else "item"
    if what in READ_ITEMS or what in WRITE_ITEMS:
        return "item"
    return SCOPES.get(what.partition("_")[2])


def _is_one_container(flow, op, read):
    """Whether two instructions may access one container, by what the source calls it."""
    one, other = flow.containers.get(op.offset), flow.containers.get(read.offset)
    return one is None or other is None or one == other


def _is_taken(flow, read):
    """Whether a call takes what it returns out of a container."""
    return read.opname.startswith("CALL") and flow.callee.get(read.offset) in tables.TAKES


def _is_of_one_container(flow, op, read):
    """Whether a call puts into a container what another call has found out of it."""
    origin = flow.containers.get(op.offset)
    return (
        read.opname.startswith("CALL")
        and origin is not None
        and origin == flow.containers.get(read.offset)
    )


def _is_one_statement(read, op):
    return read.positions.lineno == op.positions.lineno and read.offset < op.offset
