"""One call of two objects that are to answer alike, whatever the call."""

import re

from hypothesis import HealthCheck, settings

SETTINGS = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def act(it, name, args):
    """Call a method, or read a property; return what it gave or which exception it raised."""
    try:
        attribute = getattr(it, name)
        value = attribute(*args) if callable(attribute) else attribute
    except Exception as error:
        return "raised", type(error)
    return "returned", value


def shown(it):
    """Return the repr without addresses, and without the holder's name, which raddle adds."""
    return re.sub(r"0x\w+|owner=\d+| held by '[^']*'", "", repr(it))
