"""Attributes read without running any code of the program: no property, no `__getattr__`.

`vars(x)` and `x.name` may run what a class defines. Here only the interpreter's own slots and
dicts are looked at, wherever a class keeps them.
"""

import types

_MRO = type.__dict__["__mro__"].__get__
_DICT = type.__dict__["__dict__"].__get__
_GETSET: type = types.GetSetDescriptorType
_MEMBER: type = types.MemberDescriptorType
_MISSING = object()


def bases(kind):
    """Return a class and its bases, in the order of look-up."""
    return _MRO(kind)


def own(kind, name):
    """Return what a class itself, not a base, has under this name; None otherwise."""
    return _DICT(kind).get(name)


def variables(module):
    """Return a module's `__dict__`; an empty one for what is no module."""
    if not issubclass(type(module), types.ModuleType):
        return {}
    return types.ModuleType.__dict__["__dict__"].__get__(module)


def names(value, layouts=None):
    """Yield the (name, value) pairs of an object's `__dict__` and `__slots__`.

    `layouts` is a dict in which what is found out about classes is kept for the next call.
    """
    kind = type(value)
    if issubclass(kind, types.ModuleType):
        yield from list(_pairs(variables(value)))
        return
    if issubclass(kind, type):
        yield from list(_DICT(value).items())
        return
    layout = None if layouts is None else layouts.get(kind)
    if layout is None:
        layout = _layout(kind)
        if layouts is not None:
            layouts[kind] = layout
    own, slots = layout
    if own is not None:
        held = _read(own, value)
        if issubclass(type(held), dict):
            yield from _pairs(held)
    for name, descriptor in slots:
        held = _read(descriptor, value)
        if held is not _MISSING:
            yield name, held


def _layout(kind):
    """Return what reads the `__dict__` of a class's objects, or None, and their slots."""
    own, slots = None, []
    for base in _MRO(kind):
        for name, descriptor in list(_DICT(base).items()):
            of = type(descriptor)
            if name == "__dict__" and of in (_GETSET, _MEMBER) and own is None:
                own = descriptor
            elif of is _MEMBER and not name.startswith("__"):
                slots.append((name, descriptor))
    return own, slots


def _pairs(mapping):
    return list(dict.items(mapping))


def _read(descriptor, value):
    try:
        return descriptor.__get__(value)
    except Exception:
        return _MISSING


def attribute(value, name):
    """Return the attribute as far as slots, dicts and class dicts tell; None otherwise."""
    for each, held in names(value):
        if each == name:
            return held
    kind = value if issubclass(type(value), type) else type(value)
    for base in _MRO(kind):
        held = _DICT(base).get(name, _MISSING)
        if held is not _MISSING:
            return held
    return None
