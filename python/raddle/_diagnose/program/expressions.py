"""What a frame is doing just now, in its source: the expression on which it waits.

Nothing of the program runs: an expression is looked up in variables, dicts and slots.
"""

import ast
import itertools

from raddle._diagnose.program import attributes, contents


def variables(frame):
    """Return a function that gives what a frame's variables are, by name; None without one."""

    def look(name):
        for names in (frame.f_locals, frame.f_globals):
            if name in names:
                return names[name]
        return None

    return look


def value(node, look):
    """Return what a name, attribute or item in the source is now, or None; runs no code.

    `look` gives the value of a variable.
    """
    match node:
        case ast.Name(id=name):
            return look(name)
        case ast.Attribute(value=base, attr=name):
            holder = value(base, look)
            return None if holder is None else attribute(holder, name)
        case ast.Subscript(value=base, slice=place):
            holder, key = value(base, look), _key(place, look)
            if type(holder) in (list, tuple) and type(key) is int:
                return holder[key] if -len(holder) <= key < len(holder) else None
            if issubclass(type(holder), dict) and _is_plain(key):
                return dict.get(holder, key)
    return None


def attribute(holder, name):
    """Return an attribute as the source has it, `__lock` included; None without one."""
    held = attributes.attribute(holder, name)
    if held is None and name.startswith("__") and not name.endswith("__"):
        kind = holder if issubclass(type(holder), type) else type(holder)
        for base in attributes.bases(kind):
            mangled = f"_{contents.class_name(base).lstrip('_')}{name}"
            if (held := attributes.attribute(holder, mangled)) is not None:
                return held
    return held


def _key(node, look):
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Tuple):
        return tuple(_key(each, look) for each in node.elts)
    return value(node, look)


def _is_plain(key):
    """Return whether to look a key up in a dict runs no code of the program."""
    if type(key) is tuple:
        return all(map(_is_plain, key))
    return type(key) in (int, str, bytes, bool) and key is not None


def position(frame, line):
    """Return what a frame is at in its source: line, column, last line, end column; or None.

    `line` is where it was when its stack was looked at: it may have moved on since.
    """
    try:
        every = frame.f_code.co_positions()
        at = next(itertools.islice(every, frame.f_lasti // 2, None), (None,))
    except ValueError:
        return None
    return None if None in at or at[0] != line else (at[0], at[2], at[1], at[3])


def awaited(frame, line, tree):
    """Return the expression whose method a frame has called, or that it enters by `with`."""
    at = position(frame, line)
    if at is None or tree is None:
        return None
    line, column, end_line, end_column = at
    for node in ast.walk(tree):
        if isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                if _range(item.context_expr) == at:
                    return item.context_expr
            if _range(node) == at and len(node.items) == 1:
                return node.items[0].context_expr  # (Up to 3.11.)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            end = node.end_lineno, node.end_col_offset
            if end == (end_line, end_column) and (node.lineno, node.col_offset) <= (
                line,
                column,
            ):
                return node.func.value
    return None


def _range(node):
    return node.lineno, node.col_offset, node.end_lineno, node.end_col_offset


def text(node, frame):
    """Return an expression as reports call it: `Account.lock` for `self.lock`."""
    match node:
        case ast.Name(id=("self" | "cls") as name) if name in frame.f_locals:
            return contents.class_name(frame.f_locals[name])
        case ast.Attribute(value=base, attr=name):
            return f"{text(base, frame)}.{name}"
        case ast.Subscript(value=base, slice=place):
            return f"{text(base, frame)}[{ast.unparse(place)}]"
    return ast.unparse(node)


def replaced(frame, line, tree, wanted):
    """Return what the source calls the object that a frame waits for, if that is another now.

    The frame has called a method of `wanted`. So, if the expression before that gives another
    object of the same kind, an assignment has put that in the place of this one since.
    """
    node = awaited(frame, line, tree)
    if node is None or not _is_steady(node, frame):
        return None
    now = value(node, variables(frame))
    if now is None or now is wanted or type(now) is not type(wanted):
        return None
    return text(node, frame)


def _is_steady(node, frame):
    """Return whether an expression's value changes by assignments to what it names only."""
    match node:
        case ast.Name():
            return True
        case ast.Attribute(value=base):
            return _is_steady(base, frame)
        case ast.Subscript(value=base, slice=place):
            # (The items of a list move; a key may be another one now.)
            fixed = isinstance(place, ast.Constant)
            if isinstance(place, ast.Name):
                code = frame.f_code
                fixed = code.co_flags & 1 and place.id in code.co_varnames
                fixed = fixed and place.id not in code.co_cellvars
            return bool(fixed) and issubclass(type(value(base, variables(frame))), dict)
    return False
