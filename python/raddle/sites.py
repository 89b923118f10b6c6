"""Where a thread took the lock that it holds, read off its stack: nothing was recorded.

A thread that holds a lock most often still is inside the `with` statement that took it, or in
the function that called acquire(). The source of its frames is searched for these.
"""

import ast

from raddle import inside, stack
from raddle.trees import Trees


class Sites:
    """Finds acquisitions in the source of frames."""

    def __init__(self, awaited=()):
        """`awaited` has what each thread waits for, by ident."""
        self._trees, self._awaited = Trees(), dict(awaited)

    def awaits(self, ident, value):
        """Return whether a thread waits for `value`."""
        return value is not None and self._awaited.get(ident) is value

    def taken(self, ident, seen, value):
        """Return (file, line) where a thread took `value`, or None.

        `seen` is what stack.visible() found. Where the thread waits for the same object just
        now is not where it took it. (An outer call may have taken it in that line.)
        """
        awaited = self.awaits(ident, value)
        for depth, (frame, line) in enumerate(seen):
            waits = awaited and depth == 0
            if stack.is_stdlib(frame.f_code):
                continue  # A place in there tells nobody anything.
            found = self._in(frame, line, waits, value)
            if found is not None:
                return stack.shown(frame.f_code.co_filename), found
        return None

    def _in(self, frame, line, waits, value):
        body = self._function(frame, line)
        if body is None:
            return None
        taken = None
        for node in _inner(body):
            if isinstance(node, ast.With) and node.lineno <= line <= node.end_lineno:
                for item in node.items:
                    at = item.context_expr
                    if _is_past(at, line, waits) and _value(at, frame) is value:
                        taken = at.lineno
        if taken is not None:
            return taken
        for node in _inner(body):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            word = node.func.attr
            if word not in ("acquire", "release") or not _is_past(node, line, waits):
                continue
            if _value(node.func.value, frame) is value:
                taken = node.lineno if word == "acquire" else None
        return taken

    def _function(self, frame, line):
        """Return the syntax tree of what a frame runs, or None."""
        inmost = tree = self._trees.of(frame)
        if tree is None or frame.f_code.co_name == "<module>":
            return tree
        for node in ast.walk(tree):
            if isinstance(node, _FUNCTIONS) and node.lineno <= line <= node.end_lineno:
                inmost = node  # ast.walk goes from the outside in.
        return inmost


def _is_past(node, line, waits):
    """Return whether a frame at a line has done what is there, if it does not wait in it."""
    return node.end_lineno < line if waits else node.lineno <= line


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def _inner(body):
    """Yield the nodes of a function in the order of the source, not those of inner ones."""
    for node in ast.iter_child_nodes(body):
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            yield node
            yield from _inner(node)


def _value(node, frame):
    """Return what a name, attribute or item in the source is now, or None; runs no code."""
    match node:
        case ast.Name(id=name):
            for names in (frame.f_locals, frame.f_globals):
                if name in names:
                    return names[name]
        case ast.Attribute(value=base, attr=name):
            holder = _value(base, frame)
            return None if holder is None else inside.attribute(holder, name)
        case ast.Subscript(value=base, slice=place):
            holder, key = _value(base, frame), _key(place, frame)
            if type(holder) in (list, tuple) and type(key) is int:
                return holder[key] if -len(holder) <= key < len(holder) else None
            if type(holder) is dict and type(key) in (int, str):
                return holder.get(key)
    return None


def _key(node, frame):
    return node.value if isinstance(node, ast.Constant) else _value(node, frame)
