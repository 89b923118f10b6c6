"""What a primitive is called in a report, found in the stacks of the threads that wait."""

import sys

import pytest

pytestmark = pytest.mark.raddle_only


@pytest.fixture
def Lock(threading):
    """The subject's Lock."""
    return threading.Lock


def names(objects, *frames):
    """Return what the objects are called as seen from these frames."""
    from raddle import naming

    found = naming.Names(objects, [[(frame, frame.f_lineno)] for frame in frames])
    return [found.of(each) for each in objects]


class Account:
    """Keeps a lock where many programs do."""

    def __init__(self, lock):
        self.lock = lock

    def named(self):
        return names([self.lock], sys._getframe())


class Slotted:
    """Keeps a lock in a slot."""

    __slots__ = ("guard", "unset")

    def __init__(self, guard):
        self.guard = guard


class Untouchable:
    """Fails the test if any of its code runs."""

    def __init__(self, lock):
        object.__setattr__(self, "lock", lock)

    def refuse(self, *args):
        raise AssertionError("code of the program was run")

    __eq__ = __hash__ = __bool__ = __len__ = __getattr__ = __repr__ = refuse
    __getattribute__ = __iter__ = refuse

    @property
    def computed(self):
        raise AssertionError("a property was run")


class Posing(Account):
    """Says that it is of another class, by code."""

    @property
    def __class__(self):
        raise AssertionError("a property was run")


def test_a_local_variable_names_its_lock(Lock):
    accounts_lock = Lock()
    assert names([accounts_lock], sys._getframe()) == ["accounts_lock"]


def test_an_attribute_is_named_after_its_object(Lock):
    account = Account(Lock())
    assert names([account.lock], sys._getframe()) == ["account.lock"]


def test_an_attribute_of_self_is_named_after_the_class(Lock):
    assert Account(Lock()).named() == ["Account.lock"]


def test_a_slot_is_named_as_an_attribute_is(Lock):
    shelf = Slotted(Lock())
    assert names([shelf.guard], sys._getframe()) == ["shelf.guard"]


def test_items_of_lists_and_dicts_are_named_by_their_place(Lock):
    forks, rooms = [Lock(), Lock()], {"attic": Lock()}
    assert names([forks[1], rooms["attic"]], sys._getframe()) == ["forks[1]", "rooms['attic']"]


def test_a_global_variable_wins_over_an_argument(Lock):
    space = {"__name__": "shop", "sys": sys, "names": names}
    source = "def use(first):\n    return names([first], sys._getframe())\n"
    exec(source, space)
    space["till"] = Lock()
    assert space["use"](space["till"]) == ["till"]


def test_a_variable_of_the_function_that_made_it_wins_over_an_argument(Lock):
    shared = Lock()

    def use(first):
        return names([first], sys._getframe(), sys._getframe(1))

    assert use(shared) == ["shared"]


def test_a_global_list_wins_over_a_local_variable(Lock):
    space = {"__name__": "table", "sys": sys, "names": names, "forks": [Lock()]}
    source = "def dine():\n    left = forks[0]\n    return names([left], sys._getframe())\n"
    exec(source, space)
    assert space["dine"]() == ["forks[0]"]


def test_two_of_one_name_are_numbered(Lock):
    def frame(lock):
        return sys._getframe()

    one, other = Lock(), Lock()
    frames = frame(one), frame(other)
    assert names([one, other], *frames) == ["lock #1", "lock #2"]


def test_what_no_variable_holds_is_named_by_kind_and_address(threading):
    made = [threading.Lock(), threading.RLock(), threading.Event()]
    values = iter(made)
    frame = (lambda: sys._getframe())()
    assert [next(values) for _ in made] == made
    assert names(list(made), frame) == [
        f"{kind} at 0x{id(each):x}"
        for kind, each in zip(("Lock", "RLock", "Event"), made, strict=True)
    ]


def test_a_name_that_the_program_gave_wins(threading):
    class Named(threading.Event):
        _raddle_name = "closing time"

    event = Named()
    assert names([event], sys._getframe()) == ["closing time"]


def test_no_code_of_the_program_is_run(Lock):
    strange, posing = Untouchable(Lock()), Posing(Lock())
    both = [object.__getattribute__(strange, "lock"), posing.lock]
    assert names(both, sys._getframe()) == ["strange.lock", "posing.lock"]


def test_the_search_ends_in_a_crowd(Lock, monkeypatch):
    from raddle import naming

    monkeypatch.setattr(naming, "LOOKS", 100)
    crowd = [Account(None) for _ in range(10_000)]
    looked = []
    monkeypatch.setattr(naming, "_held", lambda name, value: Counted(looked, name, value))
    assert names([Lock()], sys._getframe())[0].startswith("Lock at 0x")
    assert len(looked) <= 100, len(crowd)


class Counted:
    """Stands for what an object holds: notes each look."""

    def __init__(self, looked, name, value):
        self.looked = looked

    def __iter__(self):
        for _ in range(1000):
            self.looked.append(1)
            yield "name", None
