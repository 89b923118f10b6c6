"""Where a thread took the lock that it holds, read off its stack: nothing was recorded.

A thread that holds a lock most often still is inside the `with` statement that took it, or in
the function that called acquire(), or something that did so for it (see taken_through.py). The
source of its frames is searched for these.
"""

import ast

from raddle._diagnose.program import expressions, stack, taken_through
from raddle._diagnose.program.syntax_trees import Trees


class Sites:
    """Finds acquisitions in the source of frames."""

    def __init__(self, awaited=()):
        """`awaited` has what each thread waits for, by ident."""
        self._trees, self._awaited = Trees(), dict(awaited)
        self._helpers = taken_through.Helpers(self._trees)

    def awaits(self, ident, value):
        """Return whether a thread waits for `value`."""
        return value is not None and self._awaited.get(ident) is value

    def taken(self, ident, seen, value):
        """Return (file, line, helper) where a thread took `value`, or None.

        `seen` is what stack.visible() found. Where the thread waits for the same object just
        now is not where it took it. (An outer call may have taken it in that line.) `helper` is
        the name of the function that was called there to take it, or None.
        """
        awaited = self.awaits(ident, value)
        for depth, (frame, line) in enumerate(seen):
            waits = awaited and depth == 0
            if stack.is_stdlib(frame.f_code):
                continue  # A place in there tells nobody anything.
            found = self._in(frame, line, waits, value)
            if found is not None:
                return stack.shown(frame.f_code.co_filename), *found
        return None

    def _in(self, frame, line, waits, wanted):
        body = self.function(frame, line)
        if body is None:
            return None
        look = expressions.variables(frame)
        at = expressions.position(frame, line)
        taken = None
        for node in inner(body):
            if isinstance(node, ast.With) and node.lineno <= line <= node.end_lineno:
                for item in node.items:
                    taken = self._entered(item, node, look, wanted, waits, line, at) or taken
        return taken or self._called(body, line, waits, look, wanted, at)

    def _entered(self, item, statement, look, wanted, waits, now, at):
        """Return where a `with` statement that goes on took it, if that did."""
        expression, first = item.context_expr, statement.body[0]
        line, given = expression.lineno, expressions.value(expression, look)
        if _is_past(expression, now, waits) and taken_through.is_lock(given, wanted):
            return line, None
        if at is not None and (first.lineno, first.col_offset) <= at[:2]:
            helper = self._helpers.entering(item, look, wanted)
            return (line, helper) if helper else None
        return None

    def _called(self, body, line, waits, look, wanted, at):
        """Return which call took it that is done, if each way to this line has that call."""
        taken, branches = None, _Branches(body)
        now = branches.at(line)
        for node in inner(body):
            if not isinstance(node, ast.Call) or not _is_past(node, line, waits):
                continue
            if at is not None and (node.end_lineno, node.end_col_offset) > at[:2]:
                continue  # It is not done yet.
            effect, helper = self._helpers.effect(node, look, wanted)
            if effect < 0:
                taken = None
            elif effect > 0:
                way = branches.of(node)
                taken = (node.lineno, helper) if now[: len(way)] == way else None
        return taken

    def function(self, frame, line):
        """Return the syntax tree of what a frame runs, or None."""
        inmost = tree = self._trees.of(frame)
        if tree is None or frame.f_code.co_name == "<module>":
            return tree
        for node in ast.walk(tree):
            if isinstance(node, FUNCTIONS) and node.lineno <= line <= node.end_lineno:
                inmost = node  # ast.walk goes from the outside in.
        return inmost


def _is_past(node, line, waits):
    """Return whether a frame at a line has done what is there, if it does not wait in it."""
    return node.end_lineno < line if waits else node.lineno <= line


def told(place):
    """Return a place that was found, in words."""
    if place is None:
        return None
    file, line, helper = place
    return f"{stack.short(file)}:{line}" + (f" through {helper}" if helper else "")


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def inner(body):
    """Yield the nodes of a function in the order of the source, not those of inner ones."""
    for node in ast.iter_child_nodes(body):
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            yield node
            yield from inner(node)


class _Branches:
    """In which of the branches that exclude one another the parts of a function are."""

    def __init__(self, body):
        self._ways = {}
        self._lines = []
        self._walk(body, ())

    def of(self, node):
        """Return the branches around a node, from the outside in."""
        return self._ways[node]

    def at(self, line):
        """Return those around a line: around the innermost statement that has it."""
        found = ()
        for first, last, way in self._lines:
            if first <= line <= last:
                found = way
        return found

    def _walk(self, node, way):
        for field, held in ast.iter_fields(node):
            for each in held if isinstance(held, list) else [held]:
                if not isinstance(each, ast.AST):
                    continue
                inside = way
                if isinstance(each, (ast.ExceptHandler, ast.match_case)):
                    inside = (*way, each)
                elif isinstance(node, ast.If) and field != "test":
                    inside = (*way, (node, field))
                self._ways[each] = inside
                if isinstance(each, (ast.stmt, ast.ExceptHandler)):
                    self._lines.append((each.lineno, each.end_lineno, inside))
                if not isinstance(each, (*FUNCTIONS, ast.ClassDef)):
                    self._walk(each, inside)
