"""A schedule as a word: which choices differ from going on with the same thread."""

_FIRST = "r1"


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
            if int(since) < 0 or int(choice) < 1:
                raise ValueError
            choices += [0] * int(since) + [int(choice)]
    except ValueError:
        raise ValueError(f"{token!r} is no schedule: it begins with {_FIRST!r}") from None
    return choices
