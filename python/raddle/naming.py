"""What a primitive is called in a report.

The name that the program gave it, if it gave one. Otherwise nothing was ever recorded: the
frames of the threads that wait are searched for a variable that is this very object, and for
objects in variables that hold it. That looks at dicts and slots only (see inside.py), compares
with `is`, and ends after a bounded number of looks.
"""

import sys
import types

from raddle import inside, stack

LOOKS = 50_000  # variables, attributes and items that one report looks at
WIDTH = 1_000  # items of one container

# (Never isinstance(), which asks a foreign object for its `__class__`.)
_SKIPPED: tuple[type, ...] = (
    *(int, float, complex, str, bytes, type(None)),
    *(types.FunctionType, types.ModuleType, types.FrameType, types.CodeType),
    types.BuiltinFunctionType,
)


class Names:
    """The names of some objects, found in the stacks of some threads."""

    def __init__(self, objects, seen):
        """`objects` are to be named; `seen` has what stack.visible() found for each thread."""
        self._wanted = {id(each): each for each in objects if each is not None}
        self._best = {}  # id -> (rank, name, file)
        self._looks = LOOKS
        self._visited = set()
        for key, each in self._wanted.items():
            name = _given(each)
            if name is not None:
                self._best[key] = (-1, name, None)
        if len(self._best) < len(self._wanted):
            self._search(seen)
        self._tell_apart()

    def of(self, value):
        """Return an object's name, or its kind and address; "?" for None."""
        if value is None:
            return "?"
        best = self._best.get(id(value))
        return best[1] if best else f"{kind(value)} at 0x{id(value):x}"

    def where(self, value):
        """Return the file in which the name was found, or None."""
        best = self._best.get(id(value))
        return best[2] if best else None

    def _search(self, seen):
        frames = [frame for each in seen for frame, _ in each]
        modules = {}
        for frame in frames:
            modules.setdefault(id(frame.f_globals), (frame.f_globals, frame.f_code))
        for variables, code in modules.values():
            self._globals(0 if stack.is_own(code) else 10, variables, code.co_filename)
        # The program's own module may have no frame left, nor be the one that waits.
        main = inside.variables(sys.modules.get("__main__"))
        if id(main) not in modules:
            self._globals(1, main, main.get("__file__"))
        for frame in frames:
            self._frame(frame)

    def _globals(self, far, variables, path):
        file = stack.short(path) if type(path) is str else None
        held = list(dict.items(variables))
        for name, value in held:
            self._note(far, name, value, file)
        for name, value in held:
            if not name.startswith("__"):
                self._within(1 + far, name, value, file)

    def _frame(self, frame):
        code = frame.f_code
        if code.co_name == "<module>":
            return  # Its variables are the globals.
        file = stack.short(code.co_filename)
        far = 0 if stack.is_own(code) else 10  # A library's names say less.
        count = code.co_argcount + code.co_kwonlyargcount
        count += bool(code.co_flags & 4) + bool(code.co_flags & 8)
        arguments = set(code.co_varnames[:count])
        for name, value in _locals(frame):
            if not name.isidentifier():
                continue  # The interpreter's own, or a tool's.
            if name in ("self", "cls"):
                name = _class_name(value)
                self._within(4 + far, name, value, file)
                for inner, held in self._children(name, value):
                    self._within(8 + far, inner, held, file)
            elif name in arguments:
                self._note(6 + far, name, value, file)
                self._within(5 + far, name, value, file)
            else:
                self._note(2 + far, name, value, file)
                self._within(3 + far, name, value, file)

    def _note(self, rank, name, value, file):
        key = id(value)
        if self._wanted.get(key, self) is value and name is not None:
            best = self._best.get(key)
            if best is None or rank < best[0]:
                self._best[key] = (rank, name, file)

    def _within(self, rank, name, value, file):
        for inner, held in self._children(name, value):
            self._note(rank, inner, held, file)

    def _children(self, name, value):
        """Yield what an object holds, each with its own name, as long as looks are left."""
        if self._looks <= 0 or issubclass(type(value), _SKIPPED):
            return
        for inner, held in _held(name, value):
            self._looks -= 1
            if self._looks <= 0:
                return
            yield inner, held

    def _tell_apart(self):
        """Number those of one name."""
        groups = {}
        for key in self._wanted:
            if key in self._best:
                groups.setdefault(self._best[key][1], []).append(key)
        for name, keys in groups.items():
            if len(keys) > 1:
                for number, key in enumerate(keys, 1):
                    rank, _, file = self._best[key]
                    self._best[key] = (rank, f"{name} #{number}", file)


def kind(value):
    """Return the word for what an object is."""
    name = type.__dict__["__name__"].__get__(type(value))
    return {"lock": "Lock", "_thread.lock": "Lock", "_CRLock": "RLock"}.get(name, name)


def _given(value):
    """Return the name that the program gave a primitive, or None."""
    for base in inside.bases(type(value)):
        held = inside._DICT(base).get("_raddle_name")
        if held is None:
            continue
        if type(held) in (types.GetSetDescriptorType, types.MemberDescriptorType):
            try:
                held = held.__get__(value)
            except Exception:
                return None
        return stack.clean(held) if type(held) is str and held else None
    return None


def _locals(frame):
    try:
        return list(dict(frame.f_locals).items())
    except Exception:  # The frame has ended meanwhile.
        return []


def _class_name(value):
    kind = value if issubclass(type(value), type) else type(value)
    return type.__dict__["__name__"].__get__(kind)


def _held(name, value):
    """Return (name, object) for what a container or an object holds directly."""
    of = type(value)
    if of in (list, tuple):
        return [(f"{name}[{i}]", each) for i, each in enumerate(value[:WIDTH])]
    if of is dict:
        pairs = list(value.items())[:WIDTH]
        return [(f"{name}[{k!r}]", v) for k, v in pairs if type(k) in (str, int)]
    return [
        (f"{name}.{attribute}", held)
        for attribute, held in inside.names(value)
        if not (attribute.startswith("__") and attribute.endswith("__"))
    ]
