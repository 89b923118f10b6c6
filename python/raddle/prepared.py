"""Whether the main thread waits to be ended by Ctrl-C: a program that serves until then.

`try: threading.Event().wait()`, `except KeyboardInterrupt:` is how many such programs end. All
their threads may be asleep for good, and nothing is wrong.
"""

import ast

from raddle import stack
from raddle.trees import Trees

_CAUGHT = {"KeyboardInterrupt", "BaseException"}


def for_ctrl_c(ident):
    """Return whether a frame of the thread is inside a `try` that catches KeyboardInterrupt."""
    trees = Trees()
    with stack.Stacks() as stacks:
        return any(
            stack.is_own(frame.f_code) and _caught(trees.of(frame), line)
            for frame, line in stacks.of(ident)
        )


def _caught(tree, line):
    return tree is not None and any(
        isinstance(node, (ast.Try, ast.TryStar))
        and node.body[0].lineno <= line <= node.body[-1].end_lineno
        and any(_catches(handler.type) for handler in node.handlers)
        for node in ast.walk(tree)
    )


def _catches(kinds):
    if kinds is None:
        return True  # A bare `except:`.
    each = kinds.elts if isinstance(kinds, ast.Tuple) else [kinds]
    names = {getattr(kind, "id", None) or getattr(kind, "attr", None) for kind in each}
    return bool(names & _CAUGHT)
