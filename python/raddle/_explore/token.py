"""A schedule as a word: which choices differ from going on with the same thread."""

_FIRST = "r1"
MOST = 10_000_000  # choices in a row that go on


def encode(choices):
    """Return a schedule's token."""
    parts, since = [_FIRST], 0
    for choice in choices:
        if choice:
            parts.append(f"{since}.{choice}")
            since = 0
        else:
            since += 1
    return "-".join(parts)


def decode(token):
    """Return the choices of a token; ValueError for what is none."""
    first, *parts = token.split("-") if isinstance(token, str) else [None]
    try:
        if first != _FIRST:
            raise ValueError
        choices = []
        for part in parts:
            since, choice = part.split(".")
            if not (0 <= int(since) <= MOST and 1 <= int(choice) <= MOST):
                raise ValueError
            choices += [0] * int(since) + [int(choice)]
    except ValueError:
        shown = repr(token) if len(repr(token)) < 60 else f"{token!r:.57}..."
        raise ValueError(f"{shown} is no schedule, such as {_FIRST}-5.1-2.1") from None
    return choices
