import sys
from _queue import Empty as Empty
from queue import Full as Full

if sys.version_info >= (3, 13):
    from queue import ShutDown as ShutDown
else:
    class ShutDown(Exception): ...

from raddle._raddle import LifoQueue as LifoQueue
from raddle._raddle import PriorityQueue as PriorityQueue
from raddle._raddle import Queue as Queue
from raddle._raddle import SimpleQueue as SimpleQueue

__all__ = [
    "Empty",
    "Full",
    "LifoQueue",
    "PriorityQueue",
    "Queue",
    "ShutDown",
    "SimpleQueue",
]
