"""Whether a signal could still wake one of a program's threads, when all of them wait.

`try: threading.Event().wait()`, `except KeyboardInterrupt:` is how many programs serve, and an
event that the handler of SIGTERM sets is how others do. All their threads may be asleep for
good, and nothing is wrong. It is wrong if something is owed: an item that was got and is not
done, a lock that a sleeper holds, the end of a program that has run its last line; or if a
thread that had to do with it has died. Then that is told, later and in other words.
"""

import ast
import sys
import types
from functools import partial
from types import FunctionType

from raddle._diagnose.program import attributes, stack
from raddle._diagnose.program.syntax_trees import Trees
from raddle._diagnose.report import deaths, ending, sentences

LATER = 4.0  # seconds that all have slept, before it is told
# Modules whose handlers of signals only end what goes on; what runs tests adds another.
ENDING = {"asyncio.runners"}
_CAUGHT = {"KeyboardInterrupt", "BaseException"}
# Waits that a thread was to end without any signal.
_OWED = ("queue join", "queue put", "barrier")
# Waits of a main thread that stands idle until a signal comes, or that only follow another's.
_IDLE = ("event", "condition", "thread join", "future", "futures", "pool", "work", "other")
# What a handler does that only ends the program.
_MODULES = ("sys", "os", "signal", "logging")
_ENDS = {
    *("exit", "_exit", "quit", "SystemExit", "KeyboardInterrupt", "print", "Signals", "name"),
    *("info", "warning", "error", "debug"),
}


class Ways:
    """The signals that could run code of the program in the main thread (`main`, its ident)."""

    def __init__(self, main):
        self.main = main
        self._handlers = _handlers()
        with stack.Stacks() as stacks:
            self._caught = _catcher(stacks.of(main))
            self._state = ending.state(stacks.innermost(main))

    def __bool__(self):
        return bool(self._handlers or self._caught)

    def told(self):
        """Return them in words, each as "the SIGTERM handler (app.py:4)"."""
        found = [
            f"the {name} handler{stack.place(stack.code_of(handler))}"
            for name, handler in self._handlers
        ]
        return [*found, f"Ctrl-C (caught at {self._caught})"] if self._caught else found

    def are_meant(self, ring):
        """Return whether the threads of `ring` may well be as they should be."""
        if deaths.concern([each[2] for each in ring]):
            return False
        only_end = all(_only_ends(handler) for _, handler in self._handlers)
        if self._state is not None:
            return not only_end  # Handlers are still called at the exit.
        waits = {each[0]: each for each in ring}
        own = waits.get(self.main)
        if own is None or any(self._is_owed(each) for each in ring):
            return False
        return not only_end or own[1] in _IDLE or self._is_own(own)

    def _is_owed(self, wait):
        ident, kind, _, provider = wait[:4]
        return kind in _OWED or (
            # (What the main thread holds, it may release when the signal comes.)
            kind in sentences.LOCKS and provider not in (0, ident, self.main)
        )

    def _is_own(self, wait):
        return wait[1] in sentences.LOCKS and wait[3] in (0, self.main)


def _handlers():
    """Return the handlers that the program has set: (the signal's name, handler) pairs.

    Not those that come with Python, asyncio and raddle: on Ctrl-C they end what goes on.
    """
    import _signal

    answer = sys.modules.get("raddle._diagnose.dump.signal_handler")
    known = [_signal.default_int_handler, *(answer.HANDLERS if answer else ())]
    found = []
    for number in range(1, _signal.NSIG):
        try:
            handler = _signal.getsignal(number)
        except ValueError:
            continue
        kind = type(handler)
        if handler is None or kind is int or any(handler is each for each in known):
            continue
        function = getattr(handler.func, "__func__", None) if kind is partial else handler
        if type(function) is not FunctionType or function.__module__ not in ENDING:
            found.append((_name(number), handler))
    return found


def _name(number):
    import _signal

    for name, value in list(attributes.variables(_signal).items()):
        if name.startswith("SIG") and not name.startswith("SIG_") and value == number:
            return name
    return f"signal {number}"


def _only_ends(handler):
    """Return whether a handler does nothing but end the program, as far as its code says."""
    function = handler.__func__ if type(handler) is types.MethodType else handler
    if type(function) is not types.FunctionType or function.__defaults__:
        return False
    code, names = function.__code__, function.__globals__
    plain = not (function.__kwdefaults__ or code.co_freevars or code.co_cellvars)
    inner = any(type(each) is types.CodeType for each in code.co_consts)
    return plain and not inner and all(_may_end(name, names) for name in code.co_names)


def _may_end(name, names):
    """Return whether a name in a handler is one by which programs end and say so."""
    if type(names) is dict and name in names:
        return issubclass(type(names[name]), types.ModuleType) and name in _MODULES
    return name in _ENDS


def _catcher(seen):
    """Return the place of the `try` in which Ctrl-C would be caught, or None."""
    trees = Trees()
    for frame, line in seen:
        if stack.is_own(frame.f_code):
            found = _caught(trees.of(frame), line)
            if found is not None:
                return f"{stack.short(frame.f_code.co_filename)}:{found}"
    return None


def _caught(tree, line):
    """Return the line of the clause that catches KeyboardInterrupt in this line, or None."""
    found = None
    for node in ast.walk(tree) if tree is not None else ():
        if not isinstance(node, (ast.Try, ast.TryStar)):
            continue
        if node.body[0].lineno <= line <= node.body[-1].end_lineno:
            clauses = [each.lineno for each in node.handlers if _catches(each.type)]
            found = clauses[0] if clauses else found  # ast.walk goes from the outside in.
    return found


def _catches(kinds):
    if kinds is None:
        return True  # A bare `except:`.
    each = kinds.elts if isinstance(kinds, ast.Tuple) else [kinds]
    names = {getattr(kind, "id", None) or getattr(kind, "attr", None) for kind in each}
    return bool(names & _CAUGHT)
