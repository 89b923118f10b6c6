"""Where the values of a function come from, and go to.

The bytecode is run with sets of reads in the place of values, each set as the bits of a number:
so it is known for each write which reads made what is written, and for each block which reads
were tested before it is run.
"""

import dis
from typing import NamedTuple

from raddle._diagnose.race import blocks

SUBSCRIPT = 26  # what BINARY_OP does, from 3.14 on
FIRST = object()  # what a method is called on, or whatever the first argument is

# How many values an instruction takes; any other takes as many as it leaves fewer, or none.
TAKES = {
    "LOAD_ATTR": 1,
    "STORE_ATTR": 2,
    "DELETE_ATTR": 1,
    "LOAD_SUPER_ATTR": 3,
    "BINARY_OP": 2,
    "BINARY_SUBSCR": 2,
    "BINARY_SLICE": 3,
    "STORE_SUBSCR": 3,
    "DELETE_SUBSCR": 2,
    "STORE_SLICE": 4,
    "COMPARE_OP": 2,
    "CONTAINS_OP": 2,
    "IS_OP": 2,
    "UNARY_NOT": 1,
    "RETURN_VALUE": 1,
    "YIELD_VALUE": 1,
    "CHECK_EXC_MATCH": 1,
    "UNARY_NEGATIVE": 1,
    "UNARY_INVERT": 1,
    "TO_BOOL": 1,
    "GET_ITER": 1,
    "FOR_ITER": 0,
    "UNPACK_SEQUENCE": 1,
    "UNPACK_EX": 1,
    "FORMAT_SIMPLE": 1,
    "CONVERT_VALUE": 1,
    "GET_LEN": 0,
    "LIST_TO_TUPLE": 1,
    "CALL_INTRINSIC_1": 1,
    "GET_AWAITABLE": 1,
    "LOAD_SPECIAL": 1,
    "BEFORE_WITH": 1,
}
ONE_LEFT = {"CALL", "CALL_KW", "CALL_FUNCTION_EX", "FORMAT_VALUE", "FORMAT_WITH_SPEC"}
TESTS = {"POP_JUMP_IF_TRUE", "POP_JUMP_IF_FALSE", "POP_JUMP_IF_NONE", "POP_JUMP_IF_NOT_NONE"}
NAMED = {"LOAD_ATTR", "LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF"}
LOADS = ("LOAD_", "BINARY_SUBSCR", "FOR_ITER", "UNPACK_")
COMPUTES = {"BINARY_OP", "UNARY_NEGATIVE", "UNARY_INVERT"}
MOVES = {"COPY", "SWAP", "POP_TOP", "NOT_TAKEN", "NOP", "CACHE", "RESUME", "EXTENDED_ARG"}


class Value(NamedTuple):
    """What is known of a value."""

    itself: int = 0  # the reads that it is the value of
    made_of: int = 0  # the reads that it is made of, those included
    absent: bool | None = None  # the truth that it has if there was nothing
    constant: object = ...  # itself, if it is known
    name: str | None = None  # under which it was loaded
    origin: str | None = None  # what the source calls it, `self.rows[]` say
    is_result: bool = False  # whether a test or a call made it, so that it is no container


NOTHING = Value()


class Flow:
    """What is known of a code object once it was run so."""

    def __init__(self, code, is_read):
        """`is_read(op)` says whether an instruction reads what others may write."""
        self.blocks, handlers = blocks.blocks(code)
        self.reads = {}  # the bit of each instruction that reads
        self.depths = {}  # how many values are there before each instruction
        self.writes = {}  # offset: the reads that what an instruction takes is made of
        self.owner_is_first = set()  # offsets of writes of attributes of the first argument
        self.not_containers = set()  # offsets of tests of what is no container
        self.callee = {}  # offset of a call: the name under which what is called was loaded
        self.containers = {}  # offset of an access of an item: the container's origin
        self.constant = set()  # offsets of writes of constants
        self.wholes = set()  # offsets of slices of all items
        self.used = 0  # the reads whose values are used for more than a test
        self.used_as_is = 0  # and not only to compute another value
        self.block_of = {op.offset: block for block in self.blocks for op in block.ops}
        self._tests = {}  # number of a block: the value that its last instruction tests
        self._is_read = is_read
        self._code = code
        self._run(handlers)
        self.guards = self._guards()
        self.guards_of_round = self._guards(within_a_round=True)

    def _run(self, handlers):
        first = self._code.co_varnames[:1] if self._code.co_argcount else ()
        waiting = [(self.blocks[0], ((), {name: Value(constant=FIRST) for name in first}))]
        entered = {}
        while waiting:
            block, (stack, names) = waiting.pop()
            known = entered.get(block.number)
            if known is not None:
                stack, names = _merge(known, (stack, names))
                if (stack, names) == known:
                    continue
            entered[block.number] = stack, names
            stack, local = list(stack), dict(names)
            for op in block.ops:
                if op is block.ops[-1] and block.jump is not None:
                    jumped = list(stack)
                    self._step(op, jumped, local, jump=True)
                    waiting.append((block.jump, (tuple(jumped), local)))
                self._step(op, stack, local)
            if block.ahead is not None:
                waiting.append((block.ahead, (tuple(stack), local)))
            for handler in block.handlers:
                depth = handlers[handler.number]
                below = [*entered[block.number][0], *[NOTHING] * depth][: depth - 1]
                waiting.append((handler, ((*below, NOTHING), _joined(names, local))))
        self._entered = entered

    def bit(self, op):
        """The bit of an instruction that reads."""
        return self.reads.setdefault(op.offset, 1 << len(self.reads))

    def _step(self, op, stack, local, jump=False):
        """Run one instruction on the stack."""
        name, arg = op.opname, op.arg
        self.depths[op.offset] = len(stack)
        if name == "COPY":
            stack.append(stack[-arg])
        elif name == "SWAP":
            stack[-arg], stack[-1] = stack[-1], stack[-arg]
        elif name.startswith(("LOAD_FAST", "STORE_FAST")) and name != "LOAD_FAST_AND_CLEAR":
            self._fast(op, stack, local)
        elif name in ("LOAD_CONST", "LOAD_SMALL_INT", "RETURN_CONST"):
            if name != "RETURN_CONST":
                stack.append(Value(constant=op.argval))
        else:
            self._other(op, stack, jump)
            if name == "LOAD_DEREF" and op.argval in self._code.co_varnames[:1]:
                stack[-1] = stack[-1]._replace(constant=FIRST)

    def _fast(self, op, stack, local):
        names = op.argval if isinstance(op.argval, tuple) else (op.argval,)
        kinds = [part for part in op.opname.split("_") if part in ("LOAD", "STORE")]
        for kind, name in zip(kinds, names, strict=False):
            if kind == "LOAD":
                value = local.get(name, NOTHING)
                stack.append(value if value.origin else value._replace(origin=name))
            else:
                local[name] = stack.pop()

    def _other(self, op, stack, jump):
        name = op.opname
        effect = dis.stack_effect(op.opcode, op.arg, jump=jump)
        if name in ONE_LEFT or name.startswith("BUILD_"):
            takes = 1 - effect
        else:
            takes = TAKES.get(name, max(0, -effect))
        takes = min(takes, len(stack))
        taken = stack[len(stack) - takes :]
        del stack[len(stack) - takes :]
        made_of = itself = 0
        for value in taken:
            made_of |= value.made_of
            itself |= value.itself
        is_slice = name in ("BINARY_SLICE", "STORE_SLICE")
        if is_slice and all(each.constant is None for each in taken[-2:]):
            self.wholes.add(op.offset)
        if name.startswith("STORE_") and taken and _is_constant(taken[0]):
            self.constant.add(op.offset)
        if name == "STORE_ATTR" and taken and taken[-1].constant is FIRST:
            self.owner_is_first.add(op.offset)
        self.writes[op.offset] = self.writes.get(op.offset, 0) | made_of
        if name.startswith("CALL") and taken:
            called = [each.name for each in taken[:2] if each.name]
            made = taken[0].is_result  # as that of a `with` block's end is
            self.callee[op.offset] = called[0] if called else "" if made else None
        if taken and taken[-1].is_result:
            self.not_containers.add(op.offset)
        loaded = op.argval if name in NAMED else None
        self.containers[op.offset] = _container(op, taken)
        origin = _origin(op, taken)
        result = Value(
            made_of=made_of, name=loaded, origin=origin, is_result=not _is_loaded(op)
        )
        is_test = name in TESTS or name in ("TO_BOOL", "UNARY_NOT")
        if is_test:
            result = self._tested(op, taken)
        elif name in ("IS_OP", "CONTAINS_OP", "COMPARE_OP"):
            result = _compared(op, taken, made_of)
            if name == "CONTAINS_OP":
                self._use(taken[-1].itself, as_is=True)
        elif name not in MOVES:
            self._use(itself, as_is=name not in COMPUTES or _is_subscript(op))
        if self._is_read(op) and not (is_test and op.offset in self.not_containers):
            bit = self.bit(op)
            if is_test or name == "CONTAINS_OP":
                result = result._replace(made_of=result.made_of | bit)
            else:
                made_of = bit if name == "LOAD_ATTR" else result.made_of | bit
                result = result._replace(itself=bit, made_of=made_of)
        if name in TESTS:
            self._tests[op.offset] = result
        stack.extend([result] * (effect + takes))

    def _use(self, reads, as_is):
        self.used |= reads
        if as_is:
            self.used_as_is |= reads

    def _tested(self, op, taken):
        value = taken[-1]
        if op.opname in ("POP_JUMP_IF_NONE", "POP_JUMP_IF_NOT_NONE"):
            return value
        absent = value.absent
        if value.itself and absent is None:
            absent = False
        if op.opname == "UNARY_NOT" and absent is not None:
            absent = not absent
        return Value(made_of=value.made_of, absent=absent, is_result=True)

    def _guards(self, within_a_round=False):
        """For each block, {a read that was tested: whether there had to be nothing}."""
        direct = {block.number: {} for block in self.blocks}
        depends = {block.number: set() for block in self.blocks}
        for block, way, those in blocks.dependents(self.blocks, within_a_round):
            tested = list(self._conditions(block, way))
            for each in those:
                for bits, absent in tested:
                    known = direct[each.number].get(bits)
                    direct[each.number][bits] = absent if known is None else known and absent
                if each is not block:
                    depends[each.number].add(block.number)
        found = {}
        for number, mine in direct.items():
            guards, seen, waiting = dict(mine), {number}, list(depends[number])
            while waiting:
                outer = waiting.pop()
                if outer not in seen:
                    seen.add(outer)
                    for bits, absent in direct[outer].items():
                        guards.setdefault(bits, absent)
                    waiting += depends[outer]
            found[number] = guards
        return found

    def _conditions(self, block, way):
        """Yield (reads, whether there was nothing) of what leads from one block to the next."""
        if way in block.handlers:
            reads = 0
            for op in block.ops:
                if op.opname.startswith(LOADS) or _is_subscript(op):
                    reads |= self.reads.get(op.offset, 0)
            yield reads, True
            return
        last = block.ops[-1]
        value = self._tests.get(last.offset)
        if value is None or not value.made_of:
            return
        jumps = way is block.jump
        if last.opname == "POP_JUMP_IF_NONE":
            yield value.made_of, bool(value.itself) and jumps
        elif last.opname == "POP_JUMP_IF_NOT_NONE":
            yield value.made_of, bool(value.itself) and not jumps
        else:
            truth = jumps == (last.opname == "POP_JUMP_IF_TRUE")
            yield value.made_of, value.absent is not None and value.absent == truth


def _compared(op, taken, made_of):
    if op.opname == "CONTAINS_OP":
        return Value(made_of=made_of, absent=bool(op.arg), is_result=True)
    if op.opname == "IS_OP" and any(each.constant is None for each in taken):
        return Value(made_of=made_of, absent=not op.arg, is_result=True)
    return Value(made_of=made_of, is_result=True)


def _origin(op, taken):
    """Return what the source calls what an instruction loads, or None."""
    if op.opname == "LOAD_ATTR" and taken:
        return f"{taken[-1].origin}.{op.argval}" if taken[-1].origin else None
    if op.opname in NAMED:
        return op.argval
    if op.opname == "BINARY_SUBSCR" or _is_subscript(op):
        return f"{taken[0].origin}[]" if taken and taken[0].origin else None
    return None


def _container(op, taken):
    """Return what the source calls the container that an instruction accesses, or None."""
    name = op.opname
    if name.startswith("CALL"):
        called = next((each for each in taken[:2] if each.origin), None)
        if called is not None and "." in called.origin:
            return called.origin.rpartition(".")[0]
        given = taken[2:3]
        return given[0].origin if given else None
    at = {"STORE_SUBSCR": 1, "CONTAINS_OP": 1, "DELETE_SUBSCR": 0, "STORE_SLICE": 1}.get(
        name, 0
    )
    return taken[at].origin if len(taken) > at else None


def _is_constant(value):
    return value.constant is not ... and value.constant is not FIRST


def _is_loaded(op):
    """Whether an instruction loads what may be a container of somebody's."""
    return _is_subscript(op) or (op.opname != "LOAD_SPECIAL" and op.opname.startswith(LOADS))


def _is_subscript(op):
    return op.opname == "BINARY_OP" and op.arg == SUBSCRIPT


def _merge(one, other):
    stack = tuple(map(_either, one[0], other[0]))
    return stack, _joined(one[1], other[1])


def _joined(one, other):
    return {
        name: _either(one.get(name, NOTHING), other.get(name, NOTHING))
        for name in one.keys() | other.keys()
    }


def _either(one, other):
    if one == other:
        return one
    absent = one.absent if one.absent == other.absent else None
    constant = one.constant if one.constant is other.constant else ...
    itself, made_of = one.itself | other.itself, one.made_of | other.made_of
    name = one.name if one.name == other.name else None
    origin = one.origin if one.origin == other.origin else None
    result = one.is_result or other.is_result
    return Value(itself, made_of, absent, constant, name, origin, result)
