"""What people call a value that is raced for: `Account.balance`, `hits in stats.py`."""

import ast
import dis
import functools
import os
import types

from raddle._diagnose.program import stack
from raddle._diagnose.race import tables

LONGEST = 40  # characters of a key
WIDEST = 128  # bits of a number with decimal digits
_SUBSCRIPTS = ("BINARY_SUBSCR", "BINARY_OP", "STORE_SUBSCR", "DELETE_SUBSCR")


def variable(place, owner, name):
    """Return what to call a variable: `owner` is the object, a module's names, or a cell."""
    code, _ = place
    if type(owner) is dict:
        file = owner.get("__file__")
        file = file if type(file) is str else code.co_filename
        return f"{name} in {os.path.basename(file)}"
    if type(owner) is types.CellType:
        return f"{name} in {_owner(code, name)}()"
    kind = owner if isinstance(owner, type) else type(owner)
    return f"{kind.__name__}.{name}"


def cell(place):
    """Return the name of the variable of an outer function that an instruction accesses."""
    code, offset = place
    found = (op.argval for op in dis.get_instructions(code) if op.offset == offset)
    return next(found, "a variable")


def item(place, owner, key):
    """Return what to call an item of a container."""
    held = _container(place, whole=False) or f"a {type(owner).__name__}"
    return f"{held}[{shown(key)}]"


def is_attribute(place):
    """Whether an instruction calls what is given the name of an attribute."""
    code, _ = place
    node = _node(code.co_filename, positions(place))
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in tables.NAMES_ATTRIBUTES
    )


def is_item(place, owner):
    """Whether a key at an instruction is that of an item, and not a member of a set or list."""
    code, offset = place
    if isinstance(owner, dict):
        return True
    return code.co_code[offset] in {dis.opmap.get(name) for name in _SUBSCRIPTS}


def whole(place, owner):
    """Return what to call a container."""
    return _container(place, whole=True) or f"a {type(owner).__name__}"


def positions(place):
    """Return (line, column, last line, end column) of an instruction in its source."""
    code, offset = place
    for at, (line, last, column, end) in enumerate(code.co_positions()):
        if at == offset // 2:
            return line, column, last, end
    return None, None, None, None


def shown(key):
    """Return a key as a report has it; nothing of the program's is called."""
    if type(key) is int:
        # (A number may be too long for decimal digits.)
        text = repr(key) if key.bit_length() <= WIDEST else hex(key)
    elif type(key) is str:
        text = f'"{repr(key)[1:-1]}"' if '"' not in key else repr(key)
    elif type(key) in (float, bool, bytes, type(None)):
        text = repr(key)
    elif type(key) is tuple:
        text = ", ".join(map(shown, key))
    else:
        text = f"a {type(key).__name__}"
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def _owner(code, name):
    """Return the function whose variable a cell is."""
    if name in code.co_cellvars:
        return code.co_name
    outer = code.co_qualname.split(".<locals>.")[:-1]
    return outer[-1].rpartition(".")[2] if outer else code.co_name


def _container(place, whole):
    """Return what the source calls the container that an instruction accesses, or None."""
    code, _ = place
    node = _node(code.co_filename, positions(place))
    if node is None:
        return None
    if not _is_walk(place) or isinstance(node, ast.Call):
        node = _accessed(node)
    if isinstance(node, ast.Name) and whole:
        if node.id in code.co_cellvars or node.id in code.co_freevars:
            return f"{node.id} in {_owner(code, node.id)}()"
        if node.id in code.co_varnames:
            return node.id
        return f"{node.id} in {os.path.basename(code.co_filename)}"
    return _text(node, code)


def _accessed(node):
    """Return the part of an expression that is the container."""
    match node:
        case ast.Subscript(value=value) | ast.Starred(value=value):
            return value
        case ast.Compare(comparators=[*_, last]):
            return last
        case (
            ast.Call(func=ast.Attribute(value=value), args=[])
            | ast.Call(func=ast.Attribute(value=value))
        ) if not _is_module_function(node):
            return value
        case ast.Call(args=[first, *_]):
            return _accessed(first) if isinstance(first, ast.Call) else first
        case ast.For(iter=inner) | ast.comprehension(iter=inner):
            return _accessed(inner) if isinstance(inner, ast.Call) else inner
        case ast.UnaryOp(operand=operand):
            return operand
    return node


def _is_walk(place):
    """Whether the instruction goes over what the expression there is."""
    code, offset = place
    walks = dis.opmap["GET_ITER"], dis.opmap["FOR_ITER"]
    return code.co_code[offset] in walks


def _is_module_function(node):
    return isinstance(node.func.value, ast.Name) and node.func.value.id in ("heapq", "bisect")


def _text(node, code):
    match node:
        case ast.Name(id=("self" | "cls") as word):
            owner = code.co_qualname.split(".<locals>.")[-1].rpartition(".")[0]
            return owner or word
        case ast.Name(id=word):
            return word
        case ast.Attribute(value=value, attr=attr):
            inner = _text(value, code)
            return f"{inner}.{attr}" if inner else attr
        case ast.Subscript(value=value, slice=key):
            text = shown(key.value) if isinstance(key, ast.Constant) else ast.unparse(key)
            return f"{_text(value, code)}[{text}]"
    return None


def _read(file):
    """Return the nodes of a file's source by their positions."""
    try:
        tree = ast.parse("".join(stack.lines_of(file, {})))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            key = node.lineno, node.col_offset, node.end_lineno, node.end_col_offset
            found.setdefault(key, node)
    return found


_nodes = functools.lru_cache(maxsize=8)(_read)


def _node(file, where):
    return _nodes(file).get(where)
