"""What a primitive is called in a report.

The name that the program gave it, if it gave one. Otherwise nothing was ever recorded: the
frames of the threads that wait are searched for a variable that is this very object, and for
objects in variables that hold it; then the program's modules; then, for what is still without a
name, ever further inside. That looks at dicts, slots and items only (see contents.py), compares
with `is`, and ends after a bounded number of looks.
"""

import sys
import types

from raddle._diagnose.program import attributes, contents, expressions, stack, syntax_trees

LOOKS = 50_000  # variables, attributes and items that one report looks at
DEPTH = 6  # steps from a variable to what it holds
# The better name has the lower rank: those that mean the same wherever they are read.
GLOBAL, IN_GLOBAL, IN_MAIN, IN_LOCAL = 0, 10, 20, 30
OF_SELF, OF_CLASS, BELOW_SELF, LOCAL, IN_ARGUMENT, ARGUMENT = 40, 42, 45, 50, 55, 60
MODULE, DEEPER = 70, 100  # (and so much more for each step)
FOREIGN = 1_000  # A library's names say less.
WITHIN = 50  # A condition's name is that of its lock, if that has none of its own.


class Names:
    """The names of some objects, found in the stacks of some threads."""

    def __init__(self, objects, seen):
        """`objects` are to be named; `seen` has what stack.visible() found for each thread."""
        self._wanted = {id(each): each for each in objects if each is not None}
        self._best = {}  # id -> (rank, name, file)
        self._looks = LOOKS
        self._contents = contents.Contents()
        self._trees = syntax_trees.Trees()
        self._next = []  # what was found and not looked into: (rank, name, object, file)
        self._visited = set()
        for key, each in self._wanted.items():
            name = _given(each)
            if name is not None:
                self._best[key] = (-1, name, None)
        for search in (lambda: self._search(seen), self._deeper, self._libraries):
            if len(self._best) < len(self._wanted):
                search()
        self._next.clear()
        self._tell_apart()

    def of(self, value, seen=()):
        """Return an object's name, or its kind and address; "?" for None.

        `seen` has the frames of a thread that waits for it.
        """
        if value is None:
            return "?"
        best = self._best.get(id(value))
        if best:
            return best[1]
        former = self.replaced(value, seen)
        return f"the former {former}" if former else f"{kind(value)} at 0x{id(value):x}"

    def where(self, value):
        """Return the file in which the name was found, or None."""
        best = self._best.get(id(value))
        return best[2] if best else None

    def replaced(self, value, seen):
        """Return the variable that held the object when this thread began to wait for it, and
        holds another one of its kind by now; None if it has a name, or nobody knows."""
        if value is None or not seen or id(value) in self._best:
            return None
        frame, line = seen[0]
        return expressions.replaced(frame, line, self._trees.of(frame), value)

    def note(self, value, seen):
        """Return what else is to be said of an object for which this thread waits, or None."""
        if self.replaced(value, seen):
            return "replaced by a newer one since"
        if value is None or not seen or id(value) not in self._best:
            return None
        frame, line = seen[0]
        node = expressions.awaited(frame, line, self._trees.of(frame))
        through = (
            expressions.value(node, expressions.variables(frame)) if node is not None else None
        )
        if through is not None and lock_of(through) is value:
            called, name = expressions.text(node, frame), self.of(value)
            same = called.rpartition(".")[2] == name.rpartition(".")[2]
            return None if same else f"the lock of {called}"
        return None

    def _search(self, seen):
        frames = [frame for each in seen for frame, _ in each]
        modules = {}
        for frame in frames:
            modules.setdefault(id(frame.f_globals), (frame.f_globals, frame.f_code))
        for variables, code in modules.values():
            far = 0 if stack.is_own(code) else FOREIGN
            self._globals(GLOBAL + far, IN_GLOBAL + far, variables, code.co_filename)
        # The program's own module may have no frame left, nor be the one that waits.
        main = attributes.variables(sys.modules.get("__main__"))
        if id(main) not in modules:
            self._globals(IN_GLOBAL, IN_MAIN, main, main.get("__file__"))
        for frame in frames:
            self._frame(frame)

    def _globals(self, rank, within, variables, path):
        file = stack.short(path) if type(path) is str else None
        held = list(dict.items(variables))
        for name, value in held:
            self._note(rank, name, value, file)
        for name, value in held:
            if not name.startswith("__"):
                self._within(within, name, value, file)

    def _frame(self, frame):
        code = frame.f_code
        if code.co_name == "<module>":
            return  # Its variables are the globals.
        file = stack.short(code.co_filename)
        far = 0 if stack.is_own(code) else FOREIGN
        count = code.co_argcount + code.co_kwonlyargcount
        count += bool(code.co_flags & 4) + bool(code.co_flags & 8)
        arguments = set(code.co_varnames[:count])
        for name, value in _locals(frame):
            if not name.isidentifier():
                continue  # The interpreter's own, or a tool's.
            if name in ("self", "cls"):
                self._self(far, value, file)
            elif name in arguments:
                self._note(ARGUMENT + far, name, value, file)
                self._within(IN_ARGUMENT + far, name, value, file)
            else:
                self._note(LOCAL + far, name, value, file)
                self._within(IN_LOCAL + far, name, value, file)

    def _self(self, far, value, file):
        name = contents.class_name(value)
        self._within(OF_SELF + far, name, value, file)
        for inner, held in self._children(name, value):
            self._within(BELOW_SELF + far, inner, held, file)
        if not issubclass(type(value), type):
            for base in attributes.bases(type(value))[:-1]:
                self._within(OF_CLASS + far, contents.class_name(base), base, file)

    def _deeper(self):
        """Look ever further inside, until each has a name."""
        found = list(dict.items(sys.modules))
        for name, module in found if type(sys.modules) is dict else ():
            if type(name) is str and name != "__main__":
                self._next.append((MODULE, name, module, None))
        for _ in range(DEPTH):
            level, self._next = self._next, []
            level.sort(key=lambda each: each[0])
            for rank, name, value, file in level:
                if self._looks <= 0:
                    return
                if id(value) not in self._visited:
                    self._within(rank + DEEPER, name, value, file)
            if len(self._best) == len(self._wanted):
                return

    def _libraries(self):
        """Look at the variables of every module, at once for each."""
        for module in list(dict.values(sys.modules))[:LOOKS]:
            variables = attributes.variables(module)
            values = list(dict.values(variables))
            if self._wanted.keys().isdisjoint(map(id, values)):
                continue
            for name, value in list(dict.items(variables)):
                self._note(FOREIGN, f"{variables.get('__name__')}.{name}", value, None)

    def _note(self, rank, name, value, file):
        self._call(rank, name, value, file)
        lock = lock_of(value)
        if lock is not None:
            self._call(rank + WITHIN, name, lock, file)

    def _call(self, rank, name, value, file):
        key = id(value)
        if self._wanted.get(key, self) is value:
            best = self._best.get(key)
            if best is None or rank < best[0]:
                self._best[key] = (rank, stack.clean(name), file)

    def _within(self, rank, name, value, file):
        self._visited.add(id(value))
        for inner, held in self._children(name, value):
            far = rank
            if type(value) is types.FunctionType and IN_LOCAL <= rank < DEEPER:
                far += ARGUMENT  # Its frame is nearer, if it has one.
            self._note(far, inner, held, file)
            if rank < FOREIGN:
                self._next.append((far, inner, held, file))

    def _children(self, name, value):
        """Yield what an object holds, each with its own name, as long as looks are left."""
        self._looks -= 1
        if self._looks <= 0:
            return
        for inner, held in self._contents.of(name, value):
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


def lock_of(value):
    """Return the lock of a Condition, or None for anything else."""
    condition = getattr(sys.modules.get("raddle._raddle"), "Condition", None)
    if condition is None or not issubclass(type(value), condition):
        return None
    try:
        return condition.__dict__["_lock"].__get__(value)
    except Exception:  # Its __init__() was not called.
        return None


_KINDS = {
    "lock": "Lock",
    "_thread.lock": "Lock",
    "_CRLock": "RLock",
    "_Guard": "RLock",
    "_Side": "RWLock",
}


def kind(value):
    """Return the word for what an object is."""
    name = type.__dict__["__name__"].__get__(type(value))
    return _KINDS.get(name, name)


def _given(value):
    """Return the name that the program gave a primitive, or None."""
    for base in attributes.bases(type(value)):
        held = attributes._DICT(base).get("_raddle_name")
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
