"""deadline(), shield(), remaining(), checkpoint(), sleep(): what they say, and what they
refuse.
"""

import asyncio
import contextlib
import contextvars
import decimal
import gc
import os
import signal
import subprocess
import sys
import textwrap
import time
import warnings
import weakref

import pytest
import raddle

pytestmark = pytest.mark.raddle_only


@pytest.mark.parametrize("wrong", ["5", b"5", [], object(), 1j])
def test_what_is_no_number_is_refused_at_once(wrong):
    with pytest.raises(TypeError, match="a deadline is a number of seconds, not "):
        raddle.deadline(wrong)


@pytest.mark.parametrize("wrong", [-1, -0.001, -(10**30), float("-inf")])
def test_what_is_negative_is_refused_at_once(wrong):
    with pytest.raises(ValueError, match=r"a deadline is not negative, as .* is"):
        raddle.deadline(wrong)


def test_nan_is_refused():
    with pytest.raises(ValueError, match="NaN"):
        raddle.deadline(float("nan"))


@pytest.mark.parametrize("far", [10**30, 1e300, float("inf"), 9.3e9])
def test_what_is_too_far_is_never(far):
    with raddle.deadline(far):
        assert raddle.remaining() is None or raddle.remaining() > 1e9


def test_what_is_left_is_the_least_of_all_around():
    assert raddle.remaining() is None
    with raddle.deadline(None):
        assert raddle.remaining() is None
    with raddle.deadline(1000) as outer:
        assert 999 < raddle.remaining() <= 1000
        with raddle.deadline(10) as inner:
            assert 9 < raddle.remaining() <= 10
            assert 9 < inner.remaining() <= 10 < outer.remaining()
        with raddle.deadline(5000):
            assert raddle.remaining() <= 1000, "no later than that around it"
        with raddle.shield():
            assert raddle.remaining() is None
    with raddle.deadline(0) as scope:
        assert raddle.remaining() == 0.0 and scope.ended and not scope.cancelled
    assert raddle.remaining() is None


def test_it_counts_from_where_the_block_begins():
    limit = raddle.deadline(1000)
    assert limit.remaining() is None
    with limit:
        assert limit.remaining() > 999
    assert repr(raddle.deadline(5)) == "<raddle.Scope not entered>"


def test_a_block_that_ends_by_itself_is_no_error_though_the_deadline_has_passed():
    with raddle.deadline(0):
        pass


def test_the_error_names_the_wait_and_its_line(threading):
    event = threading.Event(name="ready")
    with pytest.raises(TimeoutError) as raised, raddle.deadline(0.01):
        event.wait()  # for somebody
    text = str(raised.value)
    assert text.startswith("the deadline (0.01 s) has passed: waited for ready to be set, ")
    assert text.endswith("event.wait()  # for somebody")
    assert f"{__name__}.py:" in text


def test_the_outer_deadline_is_the_outer_blocks_error(threading):
    with pytest.raises(TimeoutError, match=r"\(0.01 s\)"), raddle.deadline(0.01) as outer:
        inner = raddle.deadline(1000)
        with inner:
            threading.Event().wait()
    assert outer.ended and inner.ended


def test_the_inner_deadline_leaves_the_outer_block_as_it_is(threading):
    with raddle.deadline(1000) as outer:
        with pytest.raises(TimeoutError), raddle.deadline(0.001):
            threading.Event().wait()
        assert not outer.ended
        assert threading.Event().wait(0.001) is False


def test_code_that_catches_timeouts_does_not_catch_it(threading, queue):
    def old():
        for _ in range(3):
            try:
                queue.Queue().get(timeout=1000)
            except (queue.Empty, TimeoutError, Exception):
                raise AssertionError("it is none of these") from None

    with pytest.raises(TimeoutError, match="has passed"), raddle.deadline(0.01):
        old()


def test_another_error_goes_on(threading):
    with pytest.raises(KeyError) as raised, raddle.deadline(0.001):
        try:
            threading.Event().wait()
        except raddle.Cancelled:
            raise KeyError("k") from None
    assert raised.value.args == ("k",)
    with pytest.raises(ZeroDivisionError), raddle.deadline(1000):
        _ = 1 / 0


def test_what_is_caught_and_not_raised_again_is_said_once(threading):
    def old():
        with contextlib.suppress(BaseException):
            threading.Event().wait()

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with raddle.deadline(0.001):
            old()
            old()
    assert len(said) == 1
    assert said[0].filename == __file__
    text = str(said[0].message)
    assert "raddle.Cancelled was caught, and not raised again" in text
    assert "threading.Event().wait()" in text and f"{__name__}.py" in text


def test_a_scope_is_entered_once_and_left_by_its_own_thread(spawn):
    scope = raddle.deadline(1000)
    with scope:
        with pytest.raises(RuntimeError, match="entered before"):
            scope.__enter__()
        with pytest.raises(RuntimeError, match="a thread that has not entered it"):
            spawn(scope.__exit__, None, None, None).result()
        assert raddle.remaining() is not None
    with pytest.raises(RuntimeError, match="entered before"):
        scope.__enter__()
    with pytest.raises(RuntimeError, match="has not entered it"):
        scope.__exit__(None, None, None)
    with pytest.raises(RuntimeError, match="has not been entered"):
        raddle.deadline(1).cancel()


def test_scopes_that_are_left_out_of_order_are_refused_and_forgotten():
    def keep():
        with raddle.deadline(1000):
            yield

    outer = keep()
    next(outer)
    with raddle.deadline(10):
        with pytest.raises(RuntimeError, match="reverse order"):
            next(outer)
        assert 9 < raddle.remaining() <= 10
    assert raddle.remaining() is None


def test_an_error_out_of_order_is_not_replaced():
    def keep():
        with raddle.deadline(1000):
            yield

    outer = keep()
    next(outer)
    with raddle.deadline(10), pytest.raises(KeyError):
        outer.throw(KeyError("k"))
    assert raddle.remaining() is None


def test_a_thread_that_is_started_inside_is_not_in_the_scope(spawn):
    with raddle.deadline(1000):
        assert spawn(raddle.remaining).result() is None
        context = contextvars.copy_context()
    assert context.run(raddle.remaining) is None


def test_a_thread_that_ends_in_a_scope_leaves_nothing(spawn):
    def run():
        raddle.deadline(5).__enter__()

    for _ in range(20):
        spawn(run).result()
    assert raddle.remaining() is None


def test_a_scope_is_let_go(let_go):
    with raddle.deadline(1000) as scope:
        pass
    reference = weakref.ref(scope)
    del scope
    let_go(reference)


def test_checkpoint_raises_in_a_loop_that_computes():
    rounds = 0
    with pytest.raises(TimeoutError, match="has passed"), raddle.deadline(0.01):
        while True:
            rounds += 1
            raddle.checkpoint()
    assert rounds > 1
    assert raddle.checkpoint() is None


def test_sleep_is_the_interpreters_outside_and_inside():
    with raddle.deadline(1000):
        for sleep in (time.sleep, raddle.sleep):
            start = time.perf_counter_ns()
            assert sleep(0.002) is None
            assert time.perf_counter_ns() - start >= 2_000_000


WRONG = [-1, -0.5, "1", None, float("nan"), float("inf"), 10**30, decimal.Decimal("-1"), [], 1j]


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_sleep_refuses_what_the_interpreters_does(wrong, inside):
    def outcome(sleep):
        try:
            return sleep(wrong)
        except Exception as error:
            return type(error), str(error)

    expected = outcome(time.sleep)
    with raddle.deadline(1000 if inside else None):
        assert outcome(raddle.sleep) == expected


def test_a_signal_ends_a_sleep_in_a_scope():
    def interrupt(*_):
        raise InterruptedError("by the handler")

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with raddle.deadline(1000), pytest.raises(InterruptedError):
            signal.setitimer(signal.ITIMER_REAL, 0.02)
            raddle.sleep(1000)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_what_cleans_up_after_a_cut_gets_its_lock(threading, spawn, asleep):
    lock, cut, order = threading.Lock(), threading.Event(), []
    lock.acquire()

    def old():
        try:
            threading.Event().wait()
        finally:
            cut.set()
            with lock:  # others have it for a moment
                order.append("put in order")

    def run():
        with raddle.deadline(0.001):
            old()

    waiter = spawn(run)
    cut.wait()
    asleep(waiter)
    lock.release()
    with pytest.raises(TimeoutError):
        waiter.result()
    assert order == ["put in order"]
    assert lock.acquire(False)


def test_a_lock_that_never_comes_is_not_waited_for_for_ever(threading):
    lock = threading.Lock()
    lock.acquire()
    with pytest.raises(TimeoutError), raddle.deadline(0.001):
        try:
            threading.Event().wait()
        finally:
            lock.acquire()


def test_it_goes_round_sync_code_in_a_coroutine(threading):
    async def main():
        with pytest.raises(TimeoutError), raddle.deadline(0.001):
            threading.Event().wait()
        await asyncio.sleep(0)
        return raddle.remaining()

    assert asyncio.run(main()) is None


def test_cycles_with_scopes_are_collected():
    class Node:
        pass

    node = Node()
    node.scope, node.me = raddle.deadline(5), node
    reference = weakref.ref(node)
    del node
    gc.collect()
    assert reference() is None


def run(code, *command, **env):
    return subprocess.run(
        [sys.executable, *command, "-c", textwrap.dedent(code)],
        env=dict(os.environ, **env),
        capture_output=True,
        text=True,
        timeout=120,
    )


SLEEPERS = """
    import sys, time
    from time import sleep
    import raddle

    stock = [time.sleep]  # (Not a name that install() would replace.)

    def cut(sleep):
        try:
            with raddle.deadline(0.01):
                sleep(1000)
        except TimeoutError as error:
            return "was asleep" in str(error)
    """


def test_time_sleep_is_ended_once_raddle_is_installed():
    done = run(
        textwrap.dedent(SLEEPERS)
        + textwrap.dedent(
            """
            raddle.install()
            assert time.sleep is stock[0], "nobody has asked for a scope"
            assert cut(lambda seconds: time.sleep(seconds)) and time.sleep is not stock[0]
            assert cut(lambda seconds: sleep(seconds)), "what held it has the new one"
            assert time.sleep(0.001) is None
            raddle.uninstall()
            assert time.sleep is stock[0] is sleep
            raddle.install()
            assert time.sleep is not stock[0] and cut(time.sleep)
            """
        )
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_time_sleep_is_ended_where_raddle_is_there_from_the_start():
    done = run(SLEEPERS + "\n    assert cut(lambda s: time.sleep(s)), time.sleep", RADDLE="1")
    assert (done.returncode, done.stderr) == (0, "")
