"""What a lock was assigned to when it was made, read off the source of the place.

`Account.lock`, `forks[...]`, `locks[user]`: a lock that is gone has these names, too.
"""

import ast
import functools
import re

from raddle._diagnose.program import stack

_DEFAULT = re.compile(r"(?:__dataclass)?_dflt_(\w+?)(?:__)?")


def name(code, spot, of=None):
    """Return what the source calls what a place makes, or None.

    `code` is the code object there, `spot` the part of its source that makes it: (line, column,
    last line, end column), and `of` the class for which it is an `__init__` made as text.
    """
    line, column, last, end = spot
    outer, ends = _known("".join(stack.lines_of(code.co_filename, {})))
    if not ends and of:
        field = _default(code, line)
        return f"{of}.{field}" if field else None
    if column < 0 or end < 0:
        return None
    for node in ends.get((last, end), ()):
        if (node.lineno, node.col_offset) <= (line, column):
            return _assigned(node, outer, of)
    return None


def _read(text):
    """Return what is around each node of a source, and its calls and items by their ends."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = None
    outer, ends = {}, {}
    for node in ast.walk(tree) if tree is not None else ():
        for each in ast.iter_child_nodes(node):
            outer[each] = node
        if isinstance(node, (ast.Call, ast.Subscript)):
            ends.setdefault((node.end_lineno, node.end_col_offset), []).append(node)
    return outer, ends


_known = functools.lru_cache(maxsize=8)(_read)


def _default(code, line):
    """Return the field of a dataclass for which a line of its `__init__` calls the factory."""
    import dis

    calls, stores, now = set(), set(), None
    for each in dis.get_instructions(code):
        now = each.positions.lineno or now
        if now != line:
            continue
        found = _DEFAULT.fullmatch(each.argval) if type(each.argval) is str else None
        if found:
            calls.add(found[1])
        elif each.opname == "STORE_ATTR":
            stores.add(each.argval)
    fields = calls & stores
    return fields.pop() if len(fields) == 1 else None


def _assigned(node, outer, of):
    """Go outward from what makes a lock to what it is assigned to."""
    within = ""  # Which item of that it is.
    if isinstance(node, ast.Subscript):
        return _text(node, outer, of)  # A dict that makes what is missing.
    while (around := outer.get(node)) is not None:
        match around:
            case ast.Assign(targets=[target, *_], value=value) if value is node:
                return _target(target, within, outer, of)
            case ast.AnnAssign(target=target) | ast.NamedExpr(target=target):
                return _target(target, within, outer, of)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                within = f"[{elements.index(node)}]{within}"
            case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element) if element is node:
                within = f"[...]{within}"
            case ast.DictComp(value=value) if value is node:
                within = f"[...]{within}"
            case ast.Dict(keys=keys, values=values) if node in values:
                key = keys[values.index(node)]
                within = f"[{ast.unparse(key)}]{within}" if key is not None else "[...]"
            case ast.BoolOp() | ast.IfExp():
                if getattr(around, "test", None) is node:
                    return None
            case ast.Call(
                func=ast.Attribute(value=holder, attr="setdefault"), args=[key, made]
            ):
                if made is not node:
                    return None
                return f"{_text(holder, outer, of)}[{ast.unparse(key)}]{within}"
            case ast.Call(func=function, args=[argument]) if argument is node:
                called = getattr(function, "attr", None) or getattr(function, "id", None)
                if called not in ("list", "tuple", "Condition"):
                    return None
            case _:
                return None
        node = around
    return None


def _target(target, within, outer, of):
    """Return the name of what is assigned to, or of its item."""
    if isinstance(target, (ast.Tuple, ast.List)):
        found = re.match(r"\[(\d+)\]", within)
        starred = any(isinstance(each, ast.Starred) for each in target.elts)
        if found is None or starred or int(found[1]) >= len(target.elts):
            return None
        return _target(target.elts[int(found[1])], within[found.end() :], outer, of)
    text = _text(target, outer, of)
    return text and text + within


def _text(node, outer, of):
    """Return an expression as reports call it: `Account.lock` for `self.lock`."""
    match node:
        case ast.Name(id=("self" | "cls") as word):
            return _class(node, outer) or of or word
        case ast.Name(id=word):
            around = outer.get(node)
            while around is not None and not isinstance(around, _SCOPES):
                around = outer.get(around)
            return f"{around.name}.{word}" if isinstance(around, ast.ClassDef) else word
        case ast.Attribute(value=base, attr=word):
            return f"{_text(base, outer, of)}.{word}"
        case ast.Subscript(value=base, slice=place):
            return f"{_text(base, outer, of)}[{ast.unparse(place)}]"
    return ast.unparse(node)


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def _class(node, outer):
    """Return the class in whose method a node is, or None."""
    while node is not None and not isinstance(node, ast.ClassDef):
        node = outer.get(node)
    return node.name if node is not None else None
