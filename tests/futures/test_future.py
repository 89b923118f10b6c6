"""Future: its states, which threads wait for it, what it is and holds."""

import contextlib
import copy
import gc
import logging
import pickle
import re
import sys
import time
import traceback
import weakref
from decimal import Decimal
from fractions import Fraction

import pytest
from calls import shown
from states import STATES, in_state, opened

SOON = 60  # seconds: a deadline that only a hang reaches
TIMEOUTS = [None, 0, 0.0, -1, -0.5, 1e-9, 0.001, False, float("nan"), float("-inf"), -(10**30)]
TIMEOUTS += [
    "1",
    [],
    1j,
    10**30,
    1e300,
    float("inf"),
    Decimal("0.01"),
    Fraction(1, 100),
    object(),
]


@pytest.mark.parametrize("state", STATES)
def test_what_a_future_says_of_itself_in_each_state_is_what_the_stdlibs_says(
    make, stock_futures, state
):
    ours, theirs = in_state(make, state), in_state(stock_futures.Future, state)
    for name in ("cancelled", "running", "done"):
        assert getattr(ours, name)() is getattr(theirs, name)(), name
    assert ours._state == theirs._state and shown(ours) == shown(theirs)
    for call in (
        lambda f: f.result(0),
        lambda f: f.exception(0) and type(f.exception(0)),
        lambda f: f.cancel(),
        lambda f: f.set_running_or_notify_cancel(),
        lambda f: f.set_result(1),
        lambda f: f.set_exception(ValueError()),
    ):
        outcomes = []
        for kind in (make, stock_futures.Future):
            future = in_state(kind, state)
            try:
                outcomes.append((call(future), shown(future)))
            except Exception as error:
                outcomes.append((type(error), shown(future)))
        assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("timeout", TIMEOUTS, ids=lambda value: re.sub("0x.*", "", repr(value)))
@pytest.mark.parametrize("method", ["result", "exception"])
@pytest.mark.parametrize("state", STATES)
def test_a_timeout_is_taken_or_refused_as_by_the_stdlib(
    make, stock_futures, state, method, timeout
):
    if state in ("PENDING", "RUNNING") and timeout is None:
        timeout = 0.001  # None would wait for ever

    def call(kind):
        try:
            value = getattr(in_state(kind, state), method)(timeout)
            return type(value), str(value)
        except Exception as error:
            return type(error), None

    assert call(make) == call(stock_futures.Future)


@pytest.mark.parametrize("timeout", [0.001, 0.05, 1])
def test_a_timeout_is_never_early(futures, make, timeout):
    future, start = make(), time.perf_counter_ns()
    with pytest.raises(futures.TimeoutError):
        future.result(timeout)
    assert time.perf_counter_ns() - start >= timeout * 1e9


def waiting(future, count):
    """Whether that many threads wait in result() or exception()."""
    if not hasattr(future, "_waiting"):
        return len(future._condition._waiters) == count
    if future._waiting() == count:
        return True
    return f", {count})>" in repr(future._condition) if is_open(future) else False


def is_open(future):
    """Whether somebody has looked at the future's condition, without doing so."""
    return any(type(one).__name__ == "Condition" for one in gc.get_referents(future))


@pytest.mark.parametrize("method", ["result", "exception"])
def test_all_who_wait_get_what_was_set(make, spawn, until, method):
    for outcome in (7, KeyError("k")):
        future = make()
        waiters = [spawn(getattr(future, method), SOON) for _ in range(5)]
        until(lambda future=future: waiting(future, 5))
        assert future.set_running_or_notify_cancel() is True
        if outcome == 7:
            future.set_result(outcome)
        else:
            future.set_exception(outcome)
        for each in waiters:
            if (outcome == 7) == (method == "result"):
                assert each.result() is outcome
            elif outcome == 7:
                assert each.result() is None
            else:
                with pytest.raises(KeyError) as caught:
                    each.result()
                assert caught.value is outcome


def test_a_beginning_wakes_nobody(make, spawn, until, asleep):
    future = make()
    waiter = spawn(future.result, SOON)
    until(lambda: waiting(future, 1))
    future.set_running_or_notify_cancel()
    asleep(waiter)
    future.set_result(7)
    assert waiter.result() == 7


def test_cancelling_wakes_all_who_wait(futures, make, spawn, until):
    future = make()
    waiters = [spawn(future.result), spawn(future.exception), spawn(future.result, SOON)]
    until(lambda: waiting(future, 3))
    assert future.cancel() is True
    for each in waiters:
        with pytest.raises(futures.CancelledError):
            each.result()


def test_who_waits_goes_on_waiting_when_the_future_is_opened(futures, spawn, until):
    future = futures.Future()
    waiters = [spawn(future.result, None), spawn(future.result, SOON)]
    until(lambda: waiting(future, 2))
    opened(future)
    until(lambda: waiting(future, 2))
    future.set_running_or_notify_cancel()
    until(lambda: waiting(future, 2))
    future.set_result(7)
    assert [each.result() for each in waiters] == [7, 7]


def test_opening_does_not_lengthen_a_timeout(futures, spawn, until):
    future, start = futures.Future(), time.monotonic()
    with_timeout = spawn(future.exception, 3)
    until(lambda: time.monotonic() - start > 2.8 and waiting(future, 1))
    opened(future)
    with pytest.raises(futures.TimeoutError):
        with_timeout.result()
    assert 3 <= time.monotonic() - start < 5.5  # (It would be 5.8 if begun anew.)


def test_a_future_is_cancelled_or_run_never_both(make, spawn, threading):
    for _ in range(200):
        future, start = make(), threading.Barrier(3)

        def cancel(future=future, start=start):
            start.wait(SOON)
            return future.cancel()

        def run(future=future, start=start):
            start.wait(SOON)
            return future.set_running_or_notify_cancel()

        canceller, runner = spawn(cancel), spawn(run)
        start.wait(SOON)
        assert canceller.result() is not runner.result()
        assert future._state in ("RUNNING", "CANCELLED_AND_NOTIFIED")


def test_one_of_many_results_counts_and_the_others_are_refused(futures, make, spawn, threading):
    for _ in range(50):
        future, start = make(), threading.Barrier(4)

        def finish(number, future=future, start=start):
            start.wait(SOON)
            try:
                future.set_result(number)
            except futures.InvalidStateError:
                return None
            return number

        threads = [spawn(finish, number) for number in range(3)]
        start.wait(SOON)
        set_by = {each.result() for each in threads} - {None}
        assert set_by == {future.result(0)}


def test_an_invalid_state_error_names_the_state_and_the_future(futures, make):
    future = in_state(make, "FINISHED")
    with pytest.raises(
        futures.InvalidStateError, match=r"^FINISHED: <Future at .* returned int>$"
    ):
        future.set_result(1)
    with pytest.raises(futures.InvalidStateError, match=r"^FINISHED: <Future at"):
        future.set_exception(ValueError())


def test_running_twice_is_refused_and_logged(make, caplog):
    for state in ("RUNNING", "FINISHED", "CANCELLED_AND_NOTIFIED"):
        caplog.clear()
        future = in_state(make, state)
        with pytest.raises(RuntimeError, match=r"^Future in unexpected state$"):
            future.set_running_or_notify_cancel()
        (record,) = caplog.records
        assert (record.name, record.levelno) == ("concurrent.futures", logging.CRITICAL)
        assert record.getMessage() == f"Future {id(future)} in unexpected state: {state}"


def test_set_exception_with_none_is_a_result_of_none(make):
    future = make()
    future.set_exception(None)
    assert future.result(0) is None and future.exception(0) is None


def test_any_object_can_be_the_exception(make, stock_futures):
    for odd in (KeyboardInterrupt(), SystemExit(3), ValueError, 5):
        ours, theirs = make(), stock_futures.Future()
        for future in (ours, theirs):
            future.set_exception(odd)
        assert ours.exception() is odd
        outcomes = []
        for future in (ours, theirs):
            try:
                future.result()
            except BaseException as error:
                outcomes.append((type(error), str(error)))
        assert len(outcomes) == 2 and outcomes[0] == outcomes[1]


def test_the_exception_that_result_raises_is_the_one_that_was_set(make):
    future, error = make(), KeyError("k")
    try:
        raise error
    except KeyError:
        future.set_exception(error)
    for _ in range(2):
        with pytest.raises(KeyError) as caught:
            future.result()
        assert caught.value is error
    frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    assert frames[-1] == sys._getframe().f_code.co_name


def test_from_many_threads_at_once_everybody_reads_the_same(make, spawn, threading):
    for _ in range(50):
        future, value, start = make(), object(), threading.Barrier(5)

        def read(future=future, start=start):
            start.wait(SOON)
            return [future.result(SOON) for _ in range(20)]

        readers = [spawn(read) for _ in range(4)]
        start.wait(SOON)
        future.set_result(value)
        for each in readers:
            assert all(one is value for one in each.result())


# What a future is, and what it holds.


def test_it_is_a_future_of_the_stdlib_to_isinstance_and_typing(futures, stock_futures):
    import concurrent.futures

    future = futures.Future()
    assert isinstance(future, concurrent.futures.Future)
    assert isinstance(future, stock_futures.Future)
    assert futures.Future[int].__origin__ is futures.Future
    assert futures.Future.__module__ == "concurrent.futures._base"
    assert futures.Future.__name__ == futures.Future.__qualname__ == "Future"


def test_repr_names_the_class_the_state_and_what_came_of_it(make):
    assert re.fullmatch(r"<Future at 0x[0-9a-f]+ state=pending>", repr(make()))
    assert hex(id(future := make())) in repr(future)
    assert repr(in_state(make, "RUNNING")).endswith(" state=running>")
    assert repr(in_state(make, "CANCELLED")).endswith(" state=cancelled>")
    assert repr(in_state(make, "FINISHED")).endswith(" state=finished returned int>")
    assert repr(in_state(make, "FAILED")).endswith(" state=finished raised KeyError>")


def test_a_subclass_may_have_its_own_attributes_methods_and_arguments(futures):
    class Mine(futures.Future):
        def __init__(self, label, *, more=1):
            super().__init__()
            self.label, self.more = label, more

        def result(self, timeout=None):
            return [super().result(timeout)]

    mine = Mine("it", more=2)
    assert (mine.label, mine.more, mine._state) == ("it", 2, "PENDING")
    mine.set_result(7)
    assert mine.result() == [7] and repr(mine).startswith("<Mine at ")
    assert futures.wait([mine]).done == {mine} and list(futures.as_completed([mine])) == [mine]


def test_it_can_be_weakly_referenced_hashed_and_given_attributes(make):
    future = make()
    future.note = "mine"
    assert vars(future)["note"] == "mine" and {future: 1}[future] == 1
    gone = []
    reference = weakref.ref(future, gone.append)
    del future
    gc.collect()
    assert reference() is None and gone == [reference]


@pytest.mark.parametrize(
    "how", [copy.copy, copy.deepcopy, pickle.dumps], ids=lambda f: f.__name__
)
def test_it_can_be_neither_pickled_nor_copied(make, subject, how):
    if (how, subject) == (copy.copy, "stdlib"):
        pytest.skip("the stdlib's shares its condition with its copy")
    with pytest.raises(TypeError, match="cannot pickle"):
        how(make())


class Node:
    pass


@pytest.mark.parametrize(
    "where", ["result", "exception", "callback", "attribute", "_waiters", "_result"]
)
def test_a_cycle_through_a_future_is_collected(make, where):
    future, node = make(), Node()
    node.future = future
    if where == "result":
        future.set_result(node)
    elif where == "exception":
        error = ValueError()
        error.node = node
        future.set_exception(error)
        del error
    elif where == "callback":
        future.add_done_callback(lambda f, node=node: None)
    elif where == "attribute":
        future.node = node
    elif where == "_waiters":
        future._waiters.append(node)
    else:
        future._result = node
        future._result = None
        future._exception = node
    reference = weakref.ref(node)
    del future, node
    gc.collect()
    assert reference() is None


@pytest.mark.parametrize("end", ["set_result", "set_exception", None])
def test_what_a_future_holds_is_freed_with_it_without_the_gc(make, end):
    gc.collect()
    gc.disable()
    try:
        future, node, callback = make(), Node(), Node()
        future.add_done_callback(lambda f, callback=callback: None)
        if end == "set_exception":
            error = ValueError()
            error.node = node
            future.set_exception(error)
            del error
        elif end:
            future.set_result(node)
        else:
            future.node = node
        references = [weakref.ref(one) for one in (future, node, callback)]
        del future, node, callback
        assert [one() for one in references] == [None] * 3
    finally:
        gc.enable()


@pytest.mark.raddle_only
def test_callbacks_are_let_go_once_they_were_called(make):
    future, callback = make(), Node()
    future.add_done_callback(lambda f, callback=callback: None)
    reference = weakref.ref(callback)
    del callback
    future.set_result(1)
    gc.collect()
    assert reference() is None and future._done_callbacks == []


def test_what_result_has_raised_is_freed_without_the_gc(make):
    gc.collect()
    gc.disable()
    try:
        future, node = make(), Node()
        error = ValueError()
        error.node = node
        future.set_exception(error)
        reference = weakref.ref(node)
        del error, node
        with contextlib.suppress(ValueError):
            future.result()
        del future
        assert reference() is None
    finally:
        gc.enable()
