"""Whether a Lock is used as a mutex: the function that has taken it releases it, too.

Any thread may release a Lock, so one that its holder waits for may be meant as a signal. It is
not where the source says that a function takes the lock, calls something that takes and
releases it as well, and then, whatever comes, releases it itself: had somebody else released
it, the last of these would be an error.
"""

import ast

from raddle._diagnose.program import expressions, taken_at

_BRANCHES = (ast.If, ast.For, ast.While, ast.Match, ast.IfExp, ast.BoolOp)


def is_owned(seen, value):
    """Return whether a thread that waits for `value` has itself to release it, further out.

    `seen` is what stack.visible() found of the thread.
    """
    looks = taken_at.Sites()
    if not seen or not _takes_and_releases(looks, *seen[0], value):
        return False
    return any(_holds(looks, frame, line, value) for frame, line in seen[1:])


def is_held(seen, value):
    """Return whether a function of this thread has taken `value`, and has yet to release it."""
    looks = taken_at.Sites()
    return any(_holds(looks, frame, line, value) for frame, line in seen)


def _takes_and_releases(looks, frame, line, value):
    """Return whether a function takes `value` just now, and is to release it after that."""
    now, uses = _now(frame, line), _uses(looks, frame, line, value)
    if any(word == "with" and place[0] == now[0] for place, word in uses):
        return True  # (Which column that has differs from version to version.)
    taken = any(word == "acquire" and _is_at(place, now) for place, word in uses)
    return taken and _is_next_released(uses, now)


def _holds(looks, frame, line, value):
    """Return whether a function has called acquire(), and is to call release()."""
    now, uses = _now(frame, line), _uses(looks, frame, line, value)
    done = [word for place, word in uses if place < now]
    return bool(done) and done[-1] == "acquire" and _is_next_released(uses, now)


def _is_next_released(uses, now):
    return next((word for place, word in uses if place > now), None) == "release"


def _uses(looks, frame, line, value):
    """Return where a function takes or releases `value`, in the order of the source."""
    body, found = looks.function(frame, line), []
    look = expressions.variables(frame)
    nodes = list(taken_at.inner(body)) if body is not None else []
    # What is done where an exception is caught may be the answer to Ctrl-C; what is done on a
    # condition may not be done at all.
    apart = [each for each in nodes if _is_apart(each, line)]
    caught = {id(each) for clause in apart for each in ast.walk(clause)}
    for node in nodes:
        if id(node) in caught:
            continue
        if isinstance(node, ast.With):
            for item in node.items:
                if expressions.value(item.context_expr, look) is value:
                    found.append((_place(item.context_expr), "with"))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            word, taken = node.func.attr, node.func.value
            if word in ("acquire", "release") and expressions.value(taken, look) is value:
                found.append((_place(node), word))
    return sorted(found)


def _is_apart(node, line):
    """Return whether what is in a statement may not be done, and this line is not in it."""
    if isinstance(node, ast.ExceptHandler):
        return True
    return isinstance(node, _BRANCHES) and not node.lineno <= line <= node.end_lineno


def _place(node):
    return node.lineno, node.col_offset


def _now(frame, line):
    """Return where a frame is: its line, and the column of its call (0 if that is not kept)."""
    step = frame.f_lasti // 2
    for number, (start, _, column, _) in enumerate(frame.f_code.co_positions()):
        if number == step:
            return line, column if start == line and column else 0
    return line, 0


def _is_at(place, now):
    return place[0] == now[0] and now[1] in (0, place[1])
