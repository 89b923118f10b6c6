"""Where a thread may be stopped: in no frame that cleans up, or takes what would not be given
back.

A `finally` block is in the bytecode twice: as a handler of exceptions, and where the `try` ends
without one. Both have the same positions in the source, so what the handler has at its
positions is cleaning up wherever it is. The same goes for what `with` calls at its end.
"""

import dis
import functools
import itertools

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
_ENDS = {"RERAISE", "RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "POP_EXCEPT"}
_ALWAYS = {"JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"}
_TURNS = ("JUMP_BACKWARD", "POP_JUMP_BACKWARD")


def may_stop(frame, offset):
    """Whether a thread that is at `offset` of `frame` may be stopped there."""
    if stack.is_inner(frame.f_code):
        return False
    while frame is not None:
        code = frame.f_code
        if code.co_name in _METHODS or code.co_filename.startswith(_IMPORTS):
            return False
        if not stack.is_inner(code) and offset in cleaning(code):
            return False
        frame = frame.f_back
        offset = frame.f_lasti if frame is not None else None
    return True


def turns(code, offset):
    """Whether the instruction is one at which a loop's turn ends, or a function begins."""
    return offset in _turning(code)


def _find_turns(code):
    ops = list(dis.get_instructions(code))
    found = {op.offset for op in ops if op.opname.startswith(_TURNS)}
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
    places = {_place(ops[index]) for index in inside} - {None}
    ends = [op.offset for op in ops[1:]] + [len(code.co_code)]
    found = set()
    for index, op in enumerate(ops):
        if index in inside or _place(op) in places:
            # (Up to 3.12 a frame that has called is where the instruction's cache is.)
            found.update(range(op.offset, ends[index], 2))
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
