"""Where a thread may be stopped: in no frame that cleans up, or takes what would not be given
back.

A `finally` block is in the bytecode twice: as a handler of exceptions, and where the `try` ends
without one. Both have the same positions in the source, so what the handler has at its
positions is cleaning up wherever it is. The same goes for what `with` calls at its end.
"""

import _weakrefset
import contextlib
import dis
import functools
import itertools
import os
import weakref

from raddle._diagnose.program import stack

# Functions that take or give back for others, and are not to be left half-way.
_METHODS = {
    "__enter__",
    "__exit__",
    "__aenter__",
    "__aexit__",
    "__del__",
    "_acquire_restore",
    "_release_save",
}
_IMPORTS = "<frozen importlib"
# Where they keep what dies in order. (As their code says: in an archive, or without their
# source, modules have other files.)
_CALLBACKS = {
    weakref.finalize.detach.__code__.co_filename,
    _weakrefset.WeakSet.add.__code__.co_filename,
}
_CONTEXTS = contextlib.ExitStack.__exit__.__code__.co_filename
_LOOP = os.path.join("asyncio", "events.py")
# What calls others: in other instructions, only what dies has something run.
_CALLS = (
    "BEFORE_",
    "BINARY_",
    "CALL",
    "COMPARE_OP",
    "CONTAINS_OP",
    "DICT_",
    "FORMAT_",
    "FOR_ITER",
    "GET_",
    "IMPORT_",
    "LIST_EXTEND",
    "LOAD_ATTR",
    "LOAD_BUILD_CLASS",
    "LOAD_METHOD",
    "LOAD_SUPER_ATTR",
    "PRECALL",
    "SEND",
    "SET_UPDATE",
    "TO_BOOL",
    "UNARY_",
    "UNPACK_",
    "YIELD_VALUE",
)
_ENDS = {"RERAISE", "RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "POP_EXCEPT"}
_ALWAYS = {"JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"}
_TURNS = ("JUMP_BACKWARD", "POP_JUMP_BACKWARD")


def may_stop(frame, offset):
    """Whether a thread that is at `offset` of `frame` may be stopped there."""
    if stack.is_inner(frame.f_code):
        return False
    inner = True
    while frame is not None:
        code = frame.f_code
        if code.co_name in _METHODS or code.co_filename.startswith(_IMPORTS):
            return False
        if _keeps_order(code) or offset in cleaning(code):
            return False
        if not inner and offset not in _calling(code):
            return False  # Something dies there: what is raised in its callbacks is lost.
        frame, inner = frame.f_back, False
        offset = frame.f_lasti if frame is not None else None
    return True


def _keeps_order(code):
    """Whether it is a function of the standard library that is not to be left half-way, or
    whose callers drop what it raises.
    """
    file, name = code.co_filename, code.co_name
    if file == _CONTEXTS:
        return name != "inner"  # What a decorated function is called through.
    return file in _CALLBACKS or (name == "_run" and file.endswith(_LOOP))


def turns(code, offset):
    """Whether the instruction is one at which a loop's turn ends, or a function begins."""
    return offset in _turning(code)


def _find_turns(code):
    ops = list(dis.get_instructions(code))
    found = {op.offset for op in ops if _turns(op)}
    for op, after in itertools.pairwise(ops):
        if op.opname == "RESUME" and not op.arg:  # (No event tells of this one itself.)
            found |= {op.offset, after.offset}
    return frozenset(found)


def _find_cleaning(code):
    """Return the offsets of a code object's instructions that clean up."""
    ops = list(dis.get_instructions(code))
    at = {op.offset: index for index, op in enumerate(ops)}
    inside = set()
    for op in ops:
        if op.opname == "PUSH_EXC_INFO":
            _follow(ops, at, at[op.offset], inside)
    if not inside:
        return frozenset()
    places = {(_turns(ops[index]), _place(ops[index])) for index in inside}
    # (The jump back to the head of a loop, after a `with` in it, has the place of the `with`.
    # What is like it in the handler is only another jump back: of a loop in a `finally`.)
    cleans = (
        index in inside or (_place(op) is not None and (_turns(op), _place(op)) in places)
        for index, op in enumerate(ops)
    )
    return _units(code, ops, cleans)


def _turns(op):
    return op.opname.startswith(_TURNS)


def _find_calling(code):
    ops = list(dis.get_instructions(code))
    return _units(code, ops, (op.opname.startswith(_CALLS) for op in ops))


def _units(code, ops, wanted):
    """Return the offsets of the wanted instructions, and of what is in between.

    (Up to 3.12 a frame that has called is where the instruction's cache is.)
    """
    ends = [op.offset for op in ops[1:]] + [len(code.co_code)]
    found = set()
    for op, end, is_wanted in zip(ops, ends, wanted, strict=True):
        if is_wanted:
            found.update(range(op.offset, end, 2))
    return frozenset(found)


def _follow(ops, at, first, inside):
    """Add what is run from an instruction on, until the exception has been dealt with."""
    left = [first]
    while left:
        index = left.pop()
        if index in inside or index >= len(ops):
            continue
        inside.add(index)
        op = ops[index]
        if op.opname in _ENDS:
            continue
        if op.opcode in dis.hasjrel or op.opcode in dis.hasjabs:
            left.append(at.get(op.argval, len(ops)))
            if op.opname in _ALWAYS:
                continue
        left.append(index + 1)


def _place(op):
    """Return where in the source an instruction is, as exactly as that is known."""
    place = op.positions
    if place is None or place.lineno is None:
        return None
    return tuple(place)


_turning = functools.lru_cache(maxsize=256)(_find_turns)
cleaning = functools.lru_cache(maxsize=1024)(_find_cleaning)
_calling = functools.lru_cache(maxsize=1024)(_find_calling)
