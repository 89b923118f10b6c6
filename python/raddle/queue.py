"""Drop-in `queue`: every public name of the newest version, on raddle's own queues.

The exceptions are the standard library's, so that programs catch either module's; `ShutDown`
is raddle's on the versions that have none (3.11 and 3.12). `time` is the clock of queues whose
insides a program uses, as in the standard library's module.
"""

import queue as _stdlib
import sys as _sys
from time import monotonic as time

from raddle._raddle import LifoQueue, PriorityQueue, Queue, SimpleQueue
from raddle._threading import green as _green
from raddle._threading.queues import errors as _errors

_green.refuse(__name__)

__all__ = [
    "Empty",
    "Full",
    "LifoQueue",
    "PriorityQueue",
    "Queue",
    "ShutDown",
    "SimpleQueue",
]

Empty, Full, ShutDown = _errors.errors(_stdlib)

# Here, and not when the first queue is opened: a child that is forked meanwhile would wait for
# the import for ever.
from raddle._threading.queues import opened as _opened  # noqa: E402

_opened.OWN = _sys.modules[__name__]
