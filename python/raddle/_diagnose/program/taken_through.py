"""Whether a call takes a lock for its caller: by a context manager, an ExitStack, a method.

What a function does is read off its source, with what the caller gave it for its arguments. It
has to be the very lock that it takes, and not to release it before it returns (or yields).
"""

import ast
import contextlib
import types

from raddle._diagnose.program import attributes, contents, expressions, naming

DEPTH = 3  # functions that call one another
MOST = 200  # calls that are looked into
_EFFECTS = {"acquire": 1, "__enter__": 1, "release": -1, "__exit__": -1}


class Helpers:
    """Reads functions; each file once."""

    def __init__(self, trees):
        self._trees = trees
        self._left = MOST
        self._functions = {}  # by tree: by name and first line

    def effect(self, call, look, wanted, depth=DEPTH):
        """Return 1 if a call takes the lock, -1 if it releases it, else 0; and by which helper.

        `look` gives the variables of the function that has the call.
        """
        function = call.func
        if isinstance(function, ast.Attribute):
            word = function.attr
            effect = _EFFECTS.get(word, 0)
            if effect and is_lock(expressions.value(function.value, look), wanted):
                return effect, None
            if word == "enter_context" and len(call.args) == 1:
                [given] = call.args
                if is_lock(expressions.value(given, look), wanted):
                    return 1, None
                helper = self.manager(given, look, wanted, depth)
                return (1, helper) if helper else (0, None)
        found = _resolve(call, look)
        if found is None or depth == 0:
            return 0, None
        function, given = found
        effect = self._runs(function, given, wanted, depth - 1, until_yield=False)
        return effect, function.__name__ if effect else None

    def entering(self, item, look, wanted):
        """Return the name of the helper by which an item of a `with` takes the lock, if any."""
        helper = self.manager(item.context_expr, look, wanted, DEPTH)
        if helper is None and item.optional_vars is not None:
            helper = self._enters(expressions.value(item.optional_vars, look), wanted)
        return helper

    def manager(self, node, look, wanted, depth):
        """Return the name of the context manager that an expression gives, if it takes it."""
        if isinstance(node, ast.Call):
            found = _resolve(node, look)
            if found is None or depth == 0:
                return None
            function, given = found
            made = attributes.attribute(function, "__wrapped__")
            if function.__code__ is not _MANAGER or type(made) is not types.FunctionType:
                return None
            given = _bound(node, made, look, given)
            takes = self._runs(made, given, wanted, depth - 1, until_yield=True) > 0
            return made.__name__ if takes else None
        return self._enters(expressions.value(node, look), wanted)

    def _enters(self, manager, wanted):
        """Return the name of an object's class if its `__enter__` takes the lock."""
        enter = None if manager is None else attributes.attribute(manager, "__enter__")
        if type(enter) is not types.FunctionType or not enter.__code__.co_argcount:
            return None
        given = {enter.__code__.co_varnames[0]: manager}
        takes = self._runs(enter, given, wanted, DEPTH - 1, until_yield=False) > 0
        return contents.class_name(manager) if takes else None

    def _runs(self, function, given, wanted, depth, until_yield):
        """Return 1 if a function takes the lock and keeps it, -1 if it releases it, else 0."""
        self._left -= 1
        body = self._body(function) if self._left > 0 else None
        if body is None:
            return 0

        def look(name):
            return given[name] if name in given else function.__globals__.get(name)

        state = _State(self, look, wanted, depth, until_yield)
        for node in body.body:
            if state.statement(node):
                break
        return state.effect

    def _body(self, function):
        """Return the syntax tree of a function, or None."""
        code = function.__code__
        tree = self._trees.of_code(code, function.__globals__)
        if tree is None:
            return None
        if tree not in self._functions:
            self._functions[tree] = {
                (node.name, line): node
                for node in ast.walk(tree)
                if isinstance(node, ast.FunctionDef)
                for line in (node.lineno, *(each.lineno for each in node.decorator_list))
            }
        return self._functions[tree].get((code.co_name, code.co_firstlineno))


class _State:
    """What has become of a lock when a function is at a statement of its source."""

    def __init__(self, helpers, look, wanted, depth, until_yield):
        self._helpers, self._look, self._wanted = helpers, look, wanted
        self._depth, self._until_yield = depth, until_yield
        self.effect = 0

    def statement(self, node):
        """Follow a statement; return whether the function has yielded in it."""
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return False
        if isinstance(node, ast.With):
            return self._with(node)
        for each in ast.iter_child_nodes(node):
            if isinstance(each, ast.ExceptHandler) or self._is_other(node, each):
                continue  # Not what usually happens.
            if isinstance(each, (ast.Yield, ast.YieldFrom)) and self._until_yield:
                return True
            if isinstance(each, ast.Call):
                effect, _ = self._helpers.effect(each, self._look, self._wanted, self._depth)
                self.effect = effect or self.effect
            if not isinstance(each, ast.Lambda) and self.statement(each):
                return True
        return False

    def _with(self, node):
        """Follow a `with` statement: when it ends, it has released what it took."""
        before = self.effect
        for item in node.items:
            made = item.context_expr
            is_it = is_lock(expressions.value(made, self._look), self._wanted)
            if is_it or self._helpers.manager(made, self._look, self._wanted, self._depth):
                self.effect = 1
        taken = self.effect
        if any(self.statement(each) for each in node.body):
            return True
        if taken != before:
            self.effect = before
        return False

    @staticmethod
    def _is_other(node, each):
        """Whether it is a branch that may or may not be taken."""
        return isinstance(node, (ast.If, ast.IfExp)) and each is not node.test


def is_lock(value, wanted):
    """Return whether this is the lock, or a condition over it."""
    return value is not None and (value is wanted or naming.lock_of(value) is wanted)


def _resolve(call, look):
    """Return the function of a call and its arguments; None for what is no Python function."""
    node, given = call.func, {}
    if isinstance(node, ast.Attribute):
        holder = expressions.value(node.value, look)
        if holder is None:
            return None
        function = expressions.attribute(holder, node.attr)
        of = type(holder)
        if type(function) is classmethod:
            function, first = function.__func__, holder if issubclass(of, type) else of
        elif type(function) is staticmethod:
            function, first = function.__func__, None
        elif type(function) is types.MethodType:
            function, first = function.__func__, function.__self__
        else:
            first = None if issubclass(of, (type, types.ModuleType)) else holder
            if first is not None and node.attr in dict(attributes.names(holder)):
                first = None  # It is the object's own, and not bound.
    else:
        function, first = expressions.value(node, look), None
        if type(function) is types.MethodType:
            function, first = function.__func__, function.__self__
    if type(function) is not types.FunctionType:
        return None
    given = {} if first is None else {None: first}
    return function, _bound(call, function, look, given)


def _bound(call, function, look, given):
    """Return the arguments of a call by name; one by the name of None is the first."""
    names = list(function.__code__.co_varnames[: function.__code__.co_argcount])
    bound = {None: given[None]} if None in given else {}
    if None in bound and names:
        bound[names.pop(0)] = bound[None]
    for name, node in zip(names, call.args, strict=False):
        if isinstance(node, ast.Starred):
            break
        bound[name] = expressions.value(node, look)
    for each in call.keywords:
        if each.arg is not None:
            bound[each.arg] = expressions.value(each.value, look)
    return bound


_MANAGER = contextlib.contextmanager(lambda: None).__code__
