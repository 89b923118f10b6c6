"""Primitives that the standard library's threading lacks; see docs/groups.md.

RWLock, Latch, AtomicInt and AtomicRef are written in Rust. Waits for them end with the scope
that they are in, and are in reports, as all of raddle's.
"""

import functools

from raddle._raddle import AtomicInt, AtomicRef, Latch, Once, RWLock

__all__ = [
    "AtomicInt",
    "AtomicRef",
    "Latch",
    "Once",
    "RWLock",
    "cached_property",
    "once",
]


def once(function):
    """Have a function called once: everybody who calls it gets what that call returned.

    function: takes no arguments, or is a method without more of them than `self`, which is then
    called once for each instance. Threads that call it meanwhile wait; they get the error if
    there is one, and the next call tries again. Raises TypeError for what cannot be called. The
    standard library's functools.cache may call it twice.
    """
    return functools.update_wrapper(Once(function), function)


class cached_property:
    """A property whose method is called once for each instance, also if threads ask together.

    As functools.cached_property, which has called it more than once then since 3.12.
    """

    def __init__(self, function):
        self.func = function
        self.attrname = None
        self.__doc__ = function.__doc__

    def __set_name__(self, owner, name):
        self.attrname = name

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        if self.attrname is None:
            raise TypeError(
                "a cached_property has no name: it has to be in the body of a class"
            )
        name = f"_once_{self.attrname}"
        try:
            names = vars(instance)
        except TypeError:
            kind = type(instance).__name__
            raise TypeError(f"{kind} has no __dict__ to keep {self.attrname!r} in") from None
        made = names.get(name) or names.setdefault(
            name, Once(functools.partial(self.func, instance))
        )
        if self.attrname in names:  # Another thread has finished meanwhile.
            names.pop(name, None)
            return names[self.attrname]
        value = made()
        names[self.attrname] = value
        names.pop(name, None)
        return value
