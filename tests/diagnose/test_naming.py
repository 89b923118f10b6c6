"""What a primitive is called in a report, found in the stacks of the threads that wait."""

import functools
import gc
import re
import sys
import warnings

import pytest
from reported_names import names

pytestmark = pytest.mark.raddle_only


@pytest.fixture
def Lock(threading):
    """The subject's Lock."""
    return threading.Lock


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
    from raddle._diagnose.program import contents, naming

    monkeypatch.setattr(naming, "LOOKS", 100)
    crowd = [Account(None) for _ in range(10_000)]
    looked = []
    monkeypatch.setattr(contents.Contents, "of", lambda _, *of: Counted(looked, *of))
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


KINDS = {
    "Lock": (),
    "RLock": (),
    "Condition": (),
    "Semaphore": (2,),
    "BoundedSemaphore": (2,),
    "Event": (),
    "Barrier": (2,),
    "Queue": (5,),
    "LifoQueue": (5,),
    "PriorityQueue": (5,),
    "SimpleQueue": (),
}
OPEN = [kind for kind in KINDS if kind != "Lock"]  # the classes that may have subclasses


class Text(str):
    """A str whose code must not be run."""

    def __str__(self):
        raise AssertionError("code of the program was run")

    __eq__ = __hash__ = __len__ = __getitem__ = __add__ = __str__


@pytest.fixture(params=KINDS)
def make(request, threading, queue):
    """Make a primitive of one kind; keywords go to its constructor."""
    return functools.partial(_found(threading, queue, request.param), *KINDS[request.param])


@pytest.fixture(params=OPEN)
def kind(request, threading, queue):
    """A class of primitives, and positional arguments for it."""
    return _found(threading, queue, request.param), KINDS[request.param]


def _found(threading, queue, name):
    if name == "RLock":
        return type(threading.RLock())  # Once installed, RLock is a function, as it was before.
    return getattr(queue if name.endswith("Queue") else threading, name)


def test_each_primitive_takes_a_name_that_reports_use(make):
    named = make(name="jobs")
    assert named._raddle_name == "jobs"
    assert names([named], sys._getframe()) == ["jobs"]


def test_a_name_wins_over_every_variable(make):
    variable = make(name="the program's own")
    assert names([variable], sys._getframe()) == ["the program's own"]


def test_without_a_name_it_has_none(make):
    variable, other = make(), make(name=None)
    assert variable._raddle_name is None and other._raddle_name is None
    assert names([variable, other], sys._getframe()) == ["variable", "other"]


def test_an_empty_name_says_nothing(make):
    variable = make(name="")
    assert variable._raddle_name == ""
    assert names([variable], sys._getframe()) == ["variable"]


@pytest.mark.parametrize("wrong", [5, b"jobs", ["jobs"], str])
def test_what_is_no_text_is_refused_at_once_and_in_words(make, wrong):
    words = f"name must be a str or None, not '{type(wrong).__name__}'"
    with pytest.raises(TypeError, match=words):
        make(name=wrong)


def test_a_name_is_a_keyword_only(make):
    from inspect import signature

    if make.func.__name__ != "RLock":  # which takes anything, up to 3.14
        with pytest.raises((TypeError, AttributeError, ValueError)):
            make("jobs", None, None, "jobs", "jobs")
    parameter = signature(make.func).parameters["name"]
    assert parameter.kind is parameter.KEYWORD_ONLY and parameter.default is None


def test_a_name_can_only_be_read(make):
    named = make(name="jobs")
    with pytest.raises(AttributeError):
        named._raddle_name = "others"
    assert named._raddle_name == "jobs"


def test_a_subclass_of_str_is_kept_as_plain_text(make):
    kept = make(name=Text("jobs"))._raddle_name
    assert type(kept) is str and kept == "jobs"


def test_any_text_is_a_name(make):
    for text in ("h\u00e9llo \U0001f512", "\udc80", "a\0b", "x" * 10_000):
        assert make(name=text)._raddle_name == text


def test_a_name_goes_with_its_primitive(make):
    texts = [f"name {number}" for number in range(100)]
    for _ in range(3):
        crowd = [make(name=text) for text in texts]
        assert [each._raddle_name for each in crowd] == texts
        del crowd[::2]
        nameless = [make() for _ in range(200)]
        assert [each._raddle_name for each in nameless] == [None] * 200
        assert [each._raddle_name for each in crowd] == texts[1::2]


def test_a_name_is_kept_once_and_let_go(make):
    if not hasattr(sys, "getrefcount"):
        pytest.skip("counts references")
    text = "".join(["jobs", str(id(make))])
    before = sys.getrefcount(text)
    for _ in range(1000):
        make(name=text)
    gc.collect()
    assert sys.getrefcount(text) <= before + 1


def test_a_repr_is_the_same_with_a_name(make):
    def shown(of):
        return re.sub(r"0x[0-9a-fA-F]+", "0x", repr(of))

    assert shown(make(name="jobs")) == shown(make())


def test_init_called_again_gives_another_name(kind):
    cls, args = kind
    if "__init__" not in dir(cls) or cls.__init__ is object.__init__:
        pytest.skip("it has no __init__ of its own")
    it = cls(*args, name="one")
    it.__init__(*args, name="other")
    assert it._raddle_name == "other"
    with pytest.raises(TypeError, match="name must be a str"):
        it.__init__(*args, name=5)
    assert it._raddle_name == "other"
    it.__init__(*args)
    assert it._raddle_name is None


def test_a_subclass_passes_a_name_on(kind):
    cls, args = kind

    class Own(cls):
        def __new__(cls, tag):
            return super().__new__(cls, name=tag)

        def __init__(self, tag):
            if cls.__init__ is not object.__init__:
                super().__init__(*args, name=tag)

    assert Own("jobs")._raddle_name == "jobs"
    assert Own(None)._raddle_name is None


def test_a_plain_subclass_takes_a_name_as_its_base_does(kind):
    cls, args = kind

    class Own(cls):
        pass

    assert Own(*args, name="jobs")._raddle_name == "jobs"
    with pytest.raises(TypeError, match="name must be a str"):
        Own(*args, name=5)


def test_a_subclass_may_mean_something_else_by_name(kind):
    cls, args = kind

    class Own(cls):
        def __init__(self, *, name, other):
            super().__init__(*(args if cls.__init__ is not object.__init__ else ()))
            self.name, self.other = name, other

    own = Own(name=5, other=6)
    assert (own.name, own.other, own._raddle_name) == (5, 6, None)


def test_a_subclass_s_own_name_attribute_wins(kind):
    cls, args = kind

    class Own(cls):
        _raddle_name = "of the class"

    assert names([Own(*args, name="jobs")], sys._getframe()) == ["of the class"]


def test_a_mixin_s_init_is_called_as_before(threading):
    class Mixin:
        def __init__(self):
            self.mixed = True

    class Own(type(threading.RLock()), Mixin):
        pass

    assert Own().mixed


def test_the_lock_of_a_named_condition_is_called_after_it(threading):
    lock = threading.RLock(name="mine")
    assert threading.Condition(name="jobs")._lock._raddle_name == "jobs._lock"
    assert threading.Condition()._lock._raddle_name is None
    assert threading.Condition(lock, name="jobs")._lock is lock
    assert lock._raddle_name == "mine"


def test_the_parts_of_a_named_queue_are_called_after_it(queue):
    jobs = queue.Queue(name="jobs")
    parts = [jobs.mutex, jobs.not_empty, jobs.not_full, jobs.all_tasks_done]
    assert names(parts, sys._getframe()) == [
        "jobs.mutex",
        "jobs.not_empty",
        "jobs.not_full",
        "jobs.all_tasks_done",
    ]
    assert jobs._raddle_name == "jobs"


def test_the_functions_of_thread_take_a_name(subject):
    if subject != "installed":
        pytest.skip("they are raddle's after install() only")
    import _thread

    assert _thread.allocate_lock(name="jobs")._raddle_name == "jobs"
    assert _thread.RLock(name="jobs")._raddle_name == "jobs"
    with pytest.raises(TypeError):
        _thread.allocate_lock("jobs")


def test_lock_refuses_other_arguments_still(threading, queue):
    for make in (threading.Lock, threading.Event, queue.SimpleQueue):
        for args, more in [((1,), {}), ((), {"x": 1}), ((1,), {"name": "a"})]:
            with pytest.raises(TypeError):
                make(*args, **more)
        with pytest.raises(TypeError):
            make(**{"name": "a", "x": 1})


def test_an_rlock_s_name_is_no_argument_to_warn_about(threading):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert threading.RLock(name="jobs")._raddle_name == "jobs"


def test_a_name_makes_no_object_larger(threading, queue):
    for cls, args in [(_found(threading, queue, name), args) for name, args in KINDS.items()]:
        assert sys.getsizeof(cls(*args, name="jobs")) == sys.getsizeof(cls(*args))


def test_threads_may_rename_and_read_at_the_same_time(threading, spawn):
    event, go = threading.Event(name="0"), threading.Barrier(4)

    def rename(of):
        go.wait()
        for number in range(2000):
            event.__init__(name=f"{of} {number}")
            assert event._raddle_name.split()[0] in {"a", "b", "c", "d"}

    running = [spawn(rename, of) for of in "abcd"]
    for each in running:
        each.result()
    assert event._raddle_name.split()[1] == "1999"


def test_a_forked_child_has_the_names(threading, child):
    child(
        """
        import os
        lock, event = threading.Lock(name="jobs"), threading.Event(name="done")
        if (pid := os.fork()) == 0:
            event.__init__(name="new")
            same = lock._raddle_name == "jobs" and event._raddle_name == "new"
            os._exit(0 if same and threading.Lock(name="a")._raddle_name == "a" else 1)
        assert os.waitpid(pid, 0)[1] == 0
        assert event._raddle_name == "done"
        """
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("jobs", "jobs"),
        ("a\nb\x1b[31m", "a\\nb\\x1b[31m"),
        ("\ud800", "\\ud800"),
        ("n" * 81, "n" * 77 + "..."),
    ],
)
def test_a_name_is_shown_on_one_line(Lock, name, shown):
    assert names([Lock(name=name)]) == [shown]
