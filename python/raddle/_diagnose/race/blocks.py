"""A function's bytecode as blocks: what runs after what, and what depends on which test."""

import dis
import itertools

JUMPS_ALWAYS = {"JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"}
ENDS = {"RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE", "INTERPRETER_EXIT"}


class Block:
    """Instructions that run one after the other.

    `ahead` is the block that is next in the code, `jump` the one that the last instruction
    jumps to, `handlers` those that an exception leads to: None, or empty, if there is none.
    """

    __slots__ = ("ahead", "handlers", "jump", "number", "ops")

    def __init__(self, number, ops):
        self.number, self.ops = number, ops
        self.ahead = self.jump = None
        self.handlers = []

    def following(self):
        """Yield the blocks that may run next, unless there is an exception."""
        yield from filter(None, (self.ahead, self.jump))


def exceptions(code):
    """Yield (start, end, target, depth, lasti) of what a code object does about exceptions."""
    data = iter(code.co_exceptiontable)

    def number():
        byte = next(data)
        value = byte & 63
        while byte & 64:
            byte = next(data)
            value = value << 6 | byte & 63
        return value

    try:
        while True:
            start, length, target, how = number() * 2, number() * 2, number() * 2, number()
            yield start, start + length, target, how >> 1, bool(how & 1)
    except StopIteration:
        return


def blocks(code):
    """Return the blocks of a code object, the first one first, and the depths of handlers."""
    ops = list(dis.get_instructions(code))
    table = list(exceptions(code))
    jumps = {op.offset: op.argval for op in ops if op.opcode in JUMPS}
    starts = {0, *jumps.values(), *(target for _, _, target, *_ in table)}
    starts |= {edge for start, end, *_ in table for edge in (start, end)}
    starts |= {after.offset for op, after in itertools.pairwise(ops) if _ends(op)}
    found, at = [], {}
    for op in ops:
        if op.offset in starts or not found:
            found.append(Block(len(found), []))
            at[op.offset] = found[-1]
        found[-1].ops.append(op)
    depths = {}
    for block, after in itertools.pairwise([*found, None]):
        last = block.ops[-1]
        if last.opname not in ENDS and last.opname not in JUMPS_ALWAYS:
            block.ahead = after
        if last.offset in jumps:
            block.jump = at.get(jumps[last.offset])
        for start, end, target, depth, lasti in table:
            if start <= block.ops[0].offset < end and target in at:
                block.handlers.append(at[target])
                depths[at[target].number] = depth + lasti + 1
    return found, depths


JUMPS = {*dis.hasjrel, *dis.hasjabs}


def _ends(op):
    return op.opcode in JUMPS or op.opname in ENDS


def dependents(found, within_a_round=False):
    """Yield (block, next block, those that run only if the next one does).

    (Ferrante, Ottenstein and Warren, 1987: what depends on a test is what comes after one of
    its sides whatever happens, but not after the test itself.)
    """
    plainly = _reached([found[0]])
    for block in found:
        for handler in block.handlers:
            handled = _reached([handler]) - plainly
            yield block, handler, [found[n] for n in sorted(handled)]
    after = _always_after(found, within_a_round)
    for block in found:
        ways = list(block.following())
        if len(ways) < 2:
            continue
        strictly = after[block.number] & ~(1 << block.number)
        for way in ways:
            chosen = after[way.number] & ~strictly
            those = [found[n] for n in _bits(chosen)]
            if block.number not in plainly:
                # (What goes on after an exception does so without one as well.)
                those = [each for each in those if each.number not in plainly]
            if those:
                yield block, way, those


def _reached(waiting):
    """Return the numbers of the blocks that may run after those, which are among them."""
    seen = set()
    while waiting:
        block = waiting.pop()
        if block.number not in seen:
            seen.add(block.number)
            waiting += block.following()
    return seen


def _always_after(found, within_a_round):
    """For each block the set, as bits, of those that come after it whatever happens."""
    everything = (1 << len(found)) - 1
    ways = [list(block.following()) for block in found]
    if within_a_round:
        # (What comes only in the next round of a loop does not count.)
        ways = [[way for way in each if way.number > n] for n, each in enumerate(ways)]
    ends = [not each for each in ways]
    after = [1 << n if end else everything for n, end in enumerate(ends)]
    changed = True
    while changed:
        changed = False
        for block in reversed(found):
            if ends[block.number]:
                continue
            common = everything
            for each in ways[block.number]:
                common &= after[each.number]
            common |= 1 << block.number
            if common != after[block.number]:
                after[block.number] = common
                changed = True
    # (What never ends has nothing after it.)
    return [0 if each == everything and len(found) > 1 else each for each in after]


def _bits(number):
    while number:
        low = number & -number
        yield low.bit_length() - 1
        number ^= low
