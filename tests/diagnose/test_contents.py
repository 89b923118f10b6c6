"""What a primitive is called that is kept where programs keep them: modules, keys, chains."""

import collections
import dataclasses
import enum
import functools
import sys
import types
import weakref

import pytest
from reported_names import names

pytestmark = pytest.mark.raddle_only


@pytest.fixture
def Lock(threading):
    """The subject's Lock."""
    return threading.Lock


def name(value, frame):
    [found] = names([value], frame)
    return found


class Colour(enum.Enum):
    RED = 1


class Held:
    """Keeps what it is given."""

    def __init__(self, kept):
        self.kept = kept


class Hidden:
    """Keeps a lock under a name of its own."""

    def __init__(self, lock):
        self.__lock = lock

    def named(self, lock):
        return name(lock, sys._getframe())


class Below(Hidden):
    pass


Point = collections.namedtuple("Point", "x lock")


@dataclasses.dataclass
class Data:
    lock: object


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (lambda lock: collections.defaultdict(None, {"a": lock}), "it['a']"),
        (lambda lock: collections.OrderedDict({"a": lock}), "it['a']"),
        (lambda lock: {b"a": lock}, "it[b'a']"),
        (lambda lock: {3: lock}, "it[3]"),
        (lambda lock: {2.5: lock}, "it[2.5]"),
        (lambda lock: {True: lock}, "it[True]"),
        (lambda lock: {None: lock}, "it[None]"),
        (lambda lock: {("a", 1): lock}, "it['a', 1]"),
        (lambda lock: {("a",): lock}, "it[('a',)]"),
        (lambda lock: {("a", ("b", 2)): lock}, "it['a', ('b', 2)]"),
        (lambda lock: {tuple(range(9)): lock}, "it[0, 1, 2, 3, 4, ...]"),
        (lambda lock: {Colour.RED: lock}, "it[Colour.RED]"),
        (lambda lock: {Data: lock}, "it[Data]"),
        (lambda lock: {name: lock}, "it[name]"),
        (lambda lock: {object(): lock}, "it[<object>]"),
        (lambda lock: {"k" * 50: lock}, f"it['{'k' * 37}'...]"),
        (lambda lock: {"a\n\x1b": lock}, r"it['a\n\x1b']"),
        (lambda lock: [None, lock], "it[1]"),
        (lambda lock: collections.deque([None, lock]), "it[1]"),
        (lambda lock: Point(1, lock), "it.lock"),
        (lambda lock: Data(lock), "it.lock"),
        (lambda lock: types.SimpleNamespace(a=Held([lock])), "it.a.kept[0]"),
        (lambda lock: Held({"a": Held(Held(lock))}), "it.kept['a'].kept.kept"),
        (lambda lock: Hidden(lock), "it.__lock"),
        (lambda lock: Below(lock), "it.__lock"),
        (lambda lock: functools.partial(print, lock), "it.args[0]"),
        (lambda lock: lambda: lock, "lock of it"),
    ],
)
def test_what_a_variable_holds_is_named_as_it_is_reached(Lock, make, wanted):
    def frame(it):
        return sys._getframe()

    def kept():
        lock = Lock()
        return make(lock), lock

    it, value = kept()
    shown = frame(it)
    del it
    values = [value]
    del value
    assert names(values, shown) == [wanted]


def test_a_weak_dict_is_a_dict_and_a_weak_reference_is_no_name(Lock):
    def frame(it):
        return sys._getframe()

    kept = [Lock()]
    assert names(kept, frame(weakref.WeakValueDictionary(a=kept[0]))) == ["it['a']"]
    [found] = names(kept, frame(weakref.ref(kept[0])))
    assert found.startswith("Lock at 0x")


def test_a_method_s_object_and_its_class_are_looked_into(Lock):
    class Local:
        shared = Lock()

        def named(self):
            return name(type(self).shared, sys._getframe())

    assert Local().named() == "Local.shared"


def test_a_hidden_attribute_is_shown_as_it_is_written(Lock):
    lock = [Lock()]
    assert Hidden(lock[0]).named(lock.pop()) == "Hidden.__lock"


def test_a_module_s_lock_is_called_after_the_module(Lock, monkeypatch, tmp_path):
    module = types.ModuleType("shop.state")
    module.__file__ = str(tmp_path / "state.py")
    module.LOCK = Lock()
    module.Config = type("Config", (), {"lock": Lock()})
    monkeypatch.setitem(sys.modules, "shop.state", module)
    frame = (lambda: sys._getframe())()
    values = iter([module.LOCK, module.Config.lock])
    wanted = list(values)
    del module
    assert names(list(wanted), frame) == ["shop.state.LOCK", "shop.state.Config.lock"]


def test_a_library_s_lock_is_called_after_its_module(Lock, monkeypatch, tmp_path):
    module = types.ModuleType("vendor")
    module.__file__ = str(tmp_path / "site-packages" / "vendor.py")
    module.lock = Lock()
    monkeypatch.setitem(sys.modules, "vendor", module)
    frame = (lambda: sys._getframe())()
    assert names([sys.modules["vendor"].lock], frame)[0] == "vendor.lock"


def test_a_condition_s_name_is_that_of_its_lock_unless_that_has_one(threading):
    class Jobs:
        def __init__(self):
            self.mutex = threading.Lock()
            self.changed = threading.Condition(self.mutex)
            self.own = threading.Condition()

        def named(self):
            return names([self.changed._lock, self.own._lock], sys._getframe())

    assert Jobs().named() == ["Jobs.mutex", "Jobs.own"]


def test_a_condition_without_a_lock_is_left_alone(threading, Lock):
    empty = threading.Condition.__new__(threading.Condition)
    lock = Lock()
    assert names([lock], sys._getframe()) == ["lock"], empty


def test_keys_and_containers_run_no_code_of_the_program(Lock):
    class Refusing:
        def refuse(self, *args):
            raise AssertionError("code of the program was run")

        __eq__ = __repr__ = __str__ = __iter__ = __len__ = __getitem__ = __bool__ = refuse
        __getattribute__ = refuse

        def __hash__(self):
            return 1

    class Dict(dict):
        items = keys = values = __iter__ = __getitem__ = __len__ = Refusing.refuse

    class List(list):
        __iter__ = __getitem__ = __len__ = Refusing.refuse

    class Meta(type):
        def refuse(cls, *args):
            raise AssertionError("code of the program was run")

        __subclasscheck__ = __instancecheck__ = __getattribute__ = __iter__ = refuse

    class Odd(metaclass=Meta):
        pass

    def frame(it, odd):
        return sys._getframe()

    kept = [Lock(), Lock(), Lock()]
    it = [Dict(), List([kept[1]]), {Refusing(): kept[2], Odd: 1}]
    dict.__setitem__(it[0], "a", kept[0])
    assert names(kept, frame(it, [Odd, object.__new__(Odd)])) == [
        "it[0]['a']",
        "it[1][0]",
        "it[2][<Refusing>]",
    ]


def test_a_search_among_many_variables_ends(Lock, monkeypatch):
    from raddle._diagnose.program import naming

    crowd = [Held(Held(number)) for number in range(200)]
    crowd = [list(crowd) for _ in range(500)]  # 100000 items
    noted = []
    monkeypatch.setattr(naming.Names, "_note", lambda *args: noted.append(1))
    assert names([Lock()], sys._getframe())[0].startswith("Lock at 0x"), crowd
    assert (
        1000 < len(noted) <= naming.LOOKS + len(globals()) + len(vars(sys.modules["__main__"]))
    )


# A variable that holds another one by now


class Stopped:
    """Stands for an event: keeps the frame that waits for it."""

    def wait(self, *args):
        self.frame = sys._getframe(1)
        raise KeyboardInterrupt


def stopped(tmp_path, body, **variables):
    """Run a function's body in a file, up to a wait(); return its frame, still at that."""
    file = tmp_path / "program.py"
    lines = [f"def run({', '.join(variables)}):", *(f"    {each}" for each in body)]
    file.write_text("\n".join([*lines, ""]))
    space = {"__name__": "program"}
    exec(compile(file.read_text(), str(file), "exec"), space)
    try:
        space["run"](**variables)
    except KeyboardInterrupt as error:
        return error.__traceback__.tb_next.tb_frame
    raise AssertionError("it did not wait")


def former(frame, wanted):
    from raddle._diagnose.program import naming

    seen = [(frame, frame.f_lineno)]
    return naming.Names([wanted], [seen]).replaced(wanted, seen)


class Owner:
    """Has what is waited for, in several places."""

    missing = None

    def __init__(self, one, other):
        self.event, self.other = one, other
        self.by_name, self.key = {"a": one, "b": other}, "a"
        self.events = [one, other]

    def get(self):
        return self.events[0]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("self.event.wait()", "Owner.event"),
        ("self.event.wait(\n        5)", "Owner.event"),
        ("print(self.other, self.event.wait())", "Owner.event"),
        ("self.by_name[name].wait()", "Owner.by_name[name]"),
        ("self.by_name['a'].wait()", "Owner.by_name['a']"),
    ],
)
def test_the_expression_before_the_wait_has_another_object_by_now(tmp_path, line, wanted):
    old = Stopped()
    owner = Owner(old, Stopped())
    frame = stopped(tmp_path, line.split("\n    "), self=owner, name="a")
    assert former(frame, old) is None  # It has a name still.
    owner.__init__(Stopped(), Stopped())
    assert former(frame, old) == wanted


@pytest.mark.parametrize(
    "line",
    [
        "self.events[0].wait()",  # Its items may have moved.
        "self.by_name[self.key].wait()",  # The key may be another one.
        "self.get().wait()",
        "(self.missing or self.event).wait()",
    ],
)
def test_what_may_be_there_for_another_reason_has_replaced_nothing(tmp_path, line):
    old = Stopped()
    owner = Owner(old, Stopped())
    frame = stopped(tmp_path, [line], self=owner)
    owner.__init__(Stopped(), Stopped())
    assert former(frame, old) is None


@pytest.mark.parametrize("now", [None, Held(None)])
def test_what_is_no_object_of_its_kind_has_replaced_nothing(tmp_path, now):
    old = Stopped()
    owner = Owner(old, Stopped())
    frame = stopped(tmp_path, ["self.event.wait()"], self=owner)
    owner.__init__(now, Stopped())
    assert former(frame, old) is None
