"""What an object holds, each with the name by which the program reaches it; no code of it runs.

`shelf.guard`, `forks[2]`, `rooms['attic']`, `guard of pay` (a variable that a function has from
the one around it).
"""

import _weakref
import itertools
import sys
import types
from _collections import deque

from raddle._diagnose.program import attributes, stack

WIDTH = 1_000  # items of one container
LONGEST = 40  # characters of a key that are shown

# (Never isinstance(), which asks a foreign object for its `__class__`.)
_PLAIN = {
    *(int, float, complex, bool, str, bytes, bytearray, type(None), type(...)),
    *(range, slice, set, frozenset, types.FrameType, types.CodeType, types.TracebackType),
    *(types.BuiltinFunctionType, types.WrapperDescriptorType, types.MethodDescriptorType),
    *(types.MethodWrapperType, types.GetSetDescriptorType, types.MemberDescriptorType),
    *(types.ClassMethodDescriptorType, types.CellType, types.GenericAlias),
    *(types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType),
}


class Contents:
    """Looks into objects; knows what it has seen of their classes."""

    def __init__(self):
        self._layouts = {}

    def of(self, name, value):
        """Return (name, object) for what a container or an object holds directly."""
        of = type(value)
        if of in _PLAIN:
            return ()
        if issubclass(of, dict):
            return self._of_dict(name, value)
        if (found := _of_list(name, value)) is not None:
            return found
        if of is types.FunctionType:
            return _of_closure(name, value) + self._of_object(name, value)
        if of in (staticmethod, classmethod):
            return [(name, value.__func__)]
        if of is property:
            return [(name, each) for each in (value.fget, value.fset) if each is not None]
        if of is types.MethodType:
            return [(f"{name}.__self__", value.__self__)]
        if issubclass(of, types.ModuleType):
            return self._of_module(name, value)
        if _is_a(of, "weakref", "WeakValueDictionary"):
            return self._of_weak(name, attributes.attribute(value, "data"))
        return self._of_object(name, value)

    def _of_dict(self, name, value):
        return [(f"{name}[{_place(k)}]", each) for k, each in _first(dict.items(value))]

    def _of_weak(self, name, held):
        if type(held) is not dict:
            return ()
        alive, call = [], _weakref.ReferenceType.__call__
        for inner, reference in self._of_dict(name, held):
            if issubclass(type(reference), _weakref.ReferenceType):
                alive.append((inner, call(reference)))
        return alive

    def _of_object(self, name, value):
        kind = value if issubclass(type(value), type) else type(value)
        return [
            (f"{name}.{written(attribute, kind)}", held)
            for attribute, held in attributes.names(value, self._layouts)
            if not (attribute.startswith("__") and attribute.endswith("__"))
        ]

    def _of_module(self, name, value):
        variables = attributes.variables(value)
        if not self.is_own(variables):
            return ()
        return [(f"{name}.{each}", held) for each, held in list(dict.items(variables))]

    def is_own(self, variables):
        """Return whether these are the variables of a module of the program's own."""
        path = variables.get("__file__")
        return type(path) is str and stack.is_own_file(path)


def key(value):
    """Return the key of an item as the source would have it, or what kind of thing it is."""
    kind = type(value)
    if kind in (str, bytes):
        if len(value) > LONGEST:
            return f"{value[: LONGEST - 3]!r}..."
        return repr(value)
    if kind in (int, float, bool, type(None)):
        return repr(value)
    if kind is tuple:
        inner = ", ".join(key(each) for each in value[:5])
        return f"({inner}{', ...' if len(value) > 5 else ',' * (len(value) == 1)})"
    if issubclass(kind, type):
        return class_name(value)
    if kind is types.FunctionType:
        return value.__qualname__
    if _is_a(kind, "enum", "Enum"):
        member = attributes.attribute(value, "_name_")
        if type(member) is str:
            return f"{class_name(value)}.{member}"
    return f"<{class_name(value)}>"


def _place(value):
    """Return a key as it is written between brackets."""
    text = key(value)
    return text[1:-1] if type(value) is tuple and len(value) > 1 else text


def class_name(value):
    """Return the name of a class, or of an object's."""
    kind = value if issubclass(type(value), type) else type(value)
    return type.__dict__["__name__"].__get__(kind)


def written(attribute, kind):
    """Return an attribute's name as the source has it: `__lock`, not `_Account__lock`."""
    if attribute.startswith("_") and "__" in attribute[2:] and not attribute.endswith("__"):
        for base in attributes.bases(kind):
            plain = class_name(base).lstrip("_")
            if plain and attribute.startswith(f"_{plain}__"):
                return attribute[len(plain) + 1 :]
    return attribute


def _of_list(name, value):
    """Return the items of a list, tuple or deque; None for anything else."""
    of = type(value)
    base = next((each for each in (list, tuple, deque) if issubclass(of, each)), None)
    if base is None:
        return None
    items = _first(base.__iter__(value))
    fields = (
        attributes.attribute(value, "_fields") if base is tuple and of is not tuple else None
    )
    if type(fields) is tuple and len(fields) == len(items):
        return [(f"{name}.{k}", v) for k, v in zip(fields, items, strict=True)]
    return [(f"{name}[{at}]", each) for at, each in enumerate(items)]


def _of_closure(name, function):
    found = []
    for free, cell in zip(
        function.__code__.co_freevars, function.__closure__ or (), strict=False
    ):
        try:
            found.append((f"{free} of {name}", cell.cell_contents))
        except ValueError:  # Nothing was assigned to it yet.
            continue
    return found


def _is_a(kind, module, name):
    """Return whether a class is that one or below it. (What it is below may have its own view
    of that, in `__subclasscheck__`.)"""
    wanted = attributes.variables(sys.modules.get(module)).get(name)
    return wanted is not None and any(base is wanted for base in attributes.bases(kind))


def _first(items):
    """Return the first items; a container that other threads change meanwhile has none."""
    try:
        return list(itertools.islice(items, WIDTH))
    except RuntimeError:
        return []
