"""Future: which callbacks are called when it ends, in which order, and what they may do."""

import logging

import pytest
from states import in_state

SOON = 60  # seconds: a deadline that only a hang reaches


def test_callbacks_are_called_once_in_order_with_the_future(make):
    for end in ("cancel", "set_result", "set_exception"):
        future, calls = make(), []
        for number in range(5):
            future.add_done_callback(lambda f, at=(calls, number): at[0].append((at[1], f)))
        getattr(future, end)(*{"set_result": (1,), "set_exception": (KeyError(),)}.get(end, ()))
        future.cancel()
        assert calls == [(number, future) for number in range(5)]


@pytest.mark.parametrize("state", ["CANCELLED", "CANCELLED_AND_NOTIFIED", "FINISHED", "FAILED"])
def test_a_callback_of_a_future_that_is_done_is_called_at_once(make, state):
    future, calls = in_state(make, state), []
    assert future.add_done_callback(calls.append) is None
    assert calls == [future]


def test_the_state_is_there_when_callbacks_are_called(make):
    future, seen = make(), []
    future.add_done_callback(lambda f: seen.append((f.done(), f.result(0))))
    future.set_result(7)
    assert seen == [(True, 7)]


def test_a_callback_may_add_another_which_is_called_at_once(make):
    future, calls = make(), []

    def first(f):
        calls.append("first")
        f.add_done_callback(lambda f: calls.append("inner"))
        calls.append("still first")

    future.add_done_callback(first)
    future.add_done_callback(lambda f: calls.append("second"))
    future.set_result(1)
    assert calls == ["first", "inner", "still first", "second"]


def test_an_exception_in_a_callback_is_logged_and_the_rest_are_called(make, caplog):
    future, calls = make(), []

    def bad(future):
        raise ValueError("from a callback")

    future.add_done_callback(bad)
    future.add_done_callback(calls.append)
    future.set_result(5)
    assert calls == [future]
    future.add_done_callback(bad)
    assert len(caplog.records) == 2
    for record in caplog.records:
        assert (record.name, record.levelno) == ("concurrent.futures", logging.ERROR)
        assert record.getMessage() == f"exception calling callback for {future!r}"
        assert record.exc_info[0] is ValueError and "from a callback" in caplog.text


def test_what_is_no_exception_leaves_a_callback_for_whoever_ended_the_future(make):
    def stop(future):
        raise KeyboardInterrupt

    for end in ("cancel", "set_result"):
        future = make()
        future.add_done_callback(stop)
        with pytest.raises(KeyboardInterrupt):
            getattr(future, end)(*(1,) * (end == "set_result"))
        assert future.done()
        with pytest.raises(KeyboardInterrupt):
            future.add_done_callback(stop)


def test_a_callback_that_cannot_be_called_is_logged_at_the_end(make, caplog):
    future = make()
    future.add_done_callback(None)
    future.set_result(1)
    assert "exception calling callback" in caplog.text and "TypeError" in caplog.text


def test_callbacks_added_while_the_future_ends_are_all_called_once(make, spawn, threading):
    for _ in range(30):
        future, calls, start = make(), [], threading.Barrier(4)

        def add(number, future=future, calls=calls, start=start):
            start.wait(SOON)
            for at in range(20):
                future.add_done_callback(lambda f, key=(number, at): calls.append(key))

        adders = [spawn(add, number) for number in range(3)]
        start.wait(SOON)
        future.set_result(1)
        for each in adders:
            each.result()
        assert sorted(calls) == [(number, at) for number in range(3) for at in range(20)]
        for number in range(3):
            mine = [at for who, at in calls if who == number]
            assert sorted(mine) == list(range(20))


def test_who_waits_is_woken_though_a_callback_takes_its_time(make, spawn, threading, until):
    future, go = make(), threading.Event()
    future.add_done_callback(lambda f: go.wait(SOON))
    waiter, ender = spawn(future.result, SOON), spawn(future.set_result, 7)
    assert waiter.result() == 7
    go.set()
    ender.result()
