"""What calls of the built-in containers' methods do, and of functions that get containers."""

import _thread
import bisect
import collections
import heapq
import sysconfig
import threading
import types

PUT, TAKE, LOOK, WALK = "put", "take", "look", "walk"

METHODS = {
    list: {
        PUT: "append extend insert sort reverse __iadd__",
        "item_take": "remove",
        TAKE: "pop clear",
        LOOK: "index count copy",
    },
    dict: {
        "item_read": "get __getitem__ __contains__",
        "item_get_or_put": "setdefault",
        "item_put": "__setitem__",
        "item_take": "pop",
        PUT: "update __ior__",
        TAKE: "popitem clear",
        LOOK: "copy",
    },
    set: {
        "item_put": "add",
        "item_take": "remove discard",
        PUT: "update symmetric_difference_update",
        TAKE: "pop clear difference_update intersection_update",
        LOOK: "copy union intersection difference symmetric_difference issubset issuperset "
        "isdisjoint",
    },
    collections.deque: {
        PUT: "append appendleft extend extendleft insert rotate reverse",
        "item_take": "remove",
        TAKE: "pop popleft clear",
        LOOK: "index count copy",
    },
    collections.OrderedDict: {
        "item_get_or_put": "setdefault",
        "item_take": "pop",
        PUT: "update move_to_end",
        TAKE: "popitem clear",
        LOOK: "copy",
    },
    bytearray: {
        PUT: "append extend insert reverse",
        TAKE: "pop remove clear",
        LOOK: "index count copy find decode hex",
    },
}
# Without a GIL, not all that is one call is one step.
_WALK_INSIDE = (tuple, set, frozenset, sum, min, max, any, all, collections.deque)
_HAS_GIL = not sysconfig.get_config_var("Py_GIL_DISABLED")
FUNCTIONS = {
    LOOK: (len, list, dict, sorted, next, repr, str, bytes, bool)
    + (_WALK_INSIDE if _HAS_GIL else ()),
    WALK: (iter, enumerate, zip, map, filter, reversed) + (() if _HAS_GIL else _WALK_INSIDE),
    "look_and_put": (heapq.heappush, heapq.heapify, bisect.insort, bisect.insort_left),
    "same_thread": (_thread.get_ident, _thread.get_native_id, threading.current_thread),
    TAKE: (heapq.heappop, heapq.heapreplace, heapq.heappushpop),
}
CONTAINERS: tuple[type, ...] = (
    list,
    dict,
    set,
    bytearray,
    collections.deque,
    collections.OrderedDict,
    collections.defaultdict,
    types.CellType,
    types.FunctionType,
    types.SimpleNamespace,
    type,
)
ATTRIBUTES = {"get_attr": (getattr, hasattr), "set_attr": (setattr, delattr)}


NAMES_ATTRIBUTES = {each.__name__ for functions in ATTRIBUTES.values() for each in functions}

# The names of what changes a container: of no other call can it depend on a check.
CHANGES = {
    name
    for does in METHODS.values()
    for word, names in does.items()
    if word not in (LOOK, "item_read")
    for name in names.split()
} | {each.__name__ for word in ("look_and_put", TAKE) for each in FUNCTIONS[word]}
TAKES = {
    name
    for does in METHODS.values()
    for word, names in does.items()
    if word in (TAKE, "item_take")
    for name in names.split()
} | {each.__name__ for each in FUNCTIONS[TAKE]}
CHANGES |= {each.__name__ for each in ATTRIBUTES["set_attr"]}


def calls():
    """Return (what is called, what it does) pairs."""
    found = []
    for kind, does in METHODS.items():
        for word, names in does.items():
            for name in names.split():
                method = kind.__dict__.get(name)
                if method is not None:
                    found.append((method, word))
    for word, functions in (FUNCTIONS | ATTRIBUTES).items():
        found += [(each, word) for each in functions]
    return found


class Plain:
    """A class without a destructor."""


class WithDel:
    """A class that has one."""

    def __del__(self):
        """Do nothing."""
