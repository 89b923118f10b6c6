"""Event: the flag, the threads that wait for it, and what surrounds the object."""

import copy
import gc
import pickle
import re
import time
import weakref
from decimal import Decimal
from fractions import Fraction

import pytest

TIMEOUTS = [0, 0.0, -1, -0.5, 1e-9, 0.001, False, Fraction(1, 100)]
TIMEOUTS += [Decimal("0.01"), "1", b"", [], 1j, float("nan"), float("inf"), float("-inf")]
TIMEOUTS += [10**30, -(10**30), 1e300, object()]


def shown(value):
    return re.sub(r" at 0x\w+", "", repr(value))


@pytest.mark.parametrize("timeout", TIMEOUTS, ids=shown)
def test_wait_while_unset_treats_timeouts_as_the_stdlib(same, timeout):
    same(lambda m: m.Event().wait(timeout))


@pytest.mark.parametrize("timeout", [*TIMEOUTS, None, 1e9], ids=shown)
def test_wait_when_set_treats_timeouts_as_the_stdlib(same, timeout):
    def call(module):
        event = module.Event()
        event.set()
        return event.wait(timeout)

    same(call)


def test_wait_refuses_more_than_timeout_max(same):
    assert same(lambda m: m.Event().wait(m.TIMEOUT_MAX * 2)) == ("raised", OverflowError)


@pytest.mark.parametrize("timeout", [0.001, 0.05, 1])
def test_a_timeout_is_never_early(threading, timeout):
    event = threading.Event()
    start = time.perf_counter_ns()
    assert event.wait(timeout) is False
    assert time.perf_counter_ns() - start >= timeout * 1e9


@pytest.mark.parametrize("timeout", [None, 1e6, "max"])
def test_set_wakes_every_waiter_and_those_who_come_later(threading, spawn, asleep, timeout):
    event = threading.Event()
    timeout = threading.TIMEOUT_MAX if timeout == "max" else timeout
    waiters = [spawn(event.wait, timeout) for _ in range(4)]
    asleep(*waiters)
    assert event.set() is None
    assert [each.result() for each in waiters] == [True] * 4
    assert event.wait() is True and event.is_set() is True


def test_a_set_followed_at_once_by_a_clear_still_wakes_the_waiters(threading, spawn, asleep):
    event = threading.Event()
    waiters = [spawn(event.wait) for _ in range(3)]
    asleep(*waiters)
    event.set()
    assert event.clear() is None
    assert event.is_set() is False
    assert [each.result() for each in waiters] == [True] * 3


def test_set_and_clear_are_idempotent(threading):
    event = threading.Event()
    event.clear()
    assert not event.is_set()
    event.set(), event.set()
    assert event.is_set()
    event.clear(), event.clear()
    assert not event.is_set()


def test_two_threads_pass_a_turn_a_thousand_times(threading, spawn):
    ping, pong, turns = threading.Event(), threading.Event(), []

    def play(mine, theirs, name):
        for _ in range(500):
            assert mine.wait(60)
            mine.clear()
            turns.append(name)
            theirs.set()

    players = [spawn(play, ping, pong, "ping"), spawn(play, pong, ping, "pong")]
    ping.set()
    for each in players:
        each.result()
    assert turns == ["ping", "pong"] * 500


def test_what_was_written_before_set_is_seen_after_wait(threading, spawn):
    for _ in range(200):
        event, box = threading.Event(), []

        def write(event=event, box=box):
            box.append(1)
            event.set()

        writer = spawn(write)
        assert event.wait(60) and box == [1]
        writer.result()


def test_subclasses_have_a_dict_and_weak_references(threading):
    class Named(threading.Event):
        def __init__(self, name):
            super().__init__()
            self.name = name

        def set(self):
            self.name += "!"
            super().set()

    event = Named("a")
    event.set()
    assert event.wait(0) is True and vars(event)["name"] == "a!"
    reference = weakref.ref(event)
    del event
    gc.collect()
    assert reference() is None


def test_plain_ones_have_a_dict_and_weak_references(threading):
    event = threading.Event()
    event.label = "a"
    assert vars(event)["label"] == "a" and weakref.ref(event)() is event


@pytest.mark.parametrize("flag", [False, True])
def test_repr_is_the_stdlib_one(threading, stock, flag):
    texts = []
    for module in (threading, stock):
        event = module.Event()
        if flag:
            event.set()
        texts.append(shown(event))
        assert f" at {id(event):#x}: " in repr(event)
    assert texts[0] == texts[1]


def test_repr_names_the_subclass(threading):
    class Named(threading.Event):
        pass

    assert shown(Named()) == f"<{__name__}.{Named.__qualname__}: unset>"


def test_arguments_are_refused_as_by_the_stdlib(same):
    same(lambda m: m.Event(1) is None)
    same(lambda m: m.Event().wait(timeout=0))
    same(lambda m: m.Event().wait(0, 0))
    same(lambda m: m.Event().set(1))
    same(lambda m: m.Event().is_set(1))


def test_it_cannot_be_pickled_or_copied_deep(threading):
    for attempt in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            attempt(threading.Event())


def test_the_old_name_warns_and_answers(threading):
    event = threading.Event()
    event.set()
    with pytest.warns(DeprecationWarning):
        assert event.isSet() is True


def test_reinit_after_a_fork_keeps_the_flag(threading):
    event = threading.Event()
    event.set()
    event._at_fork_reinit()
    assert event.is_set()


def test_type_is_named_as_in_the_stdlib(threading, stock):
    assert threading.Event.__module__ == "threading"
    assert threading.Event.__qualname__ == stock.Event.__qualname__
