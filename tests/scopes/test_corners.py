"""Groups and scopes at their corners: interrupted, forked, left open, in handlers."""

import asyncio
import contextlib
import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading as stock
import time
import weakref

import pytest
import raddle
from raddle import _raddle, sync
from raddle._futures import group as _group

pytestmark = pytest.mark.raddle_only
LONG = 1000  # seconds that nothing here takes


def run(code, **env):
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)],
        env=dict(os.environ, **env),
        capture_output=True,
        text=True,
        timeout=120,
    )


def fail(error):
    raise error


def compute():
    while True:
        pass


def test_a_group_that_is_cancelled_while_it_starts_tasks_ends():
    for _ in range(60):
        with contextlib.suppress(ExceptionGroup), raddle.Group() as group:
            group.start(fail, ValueError())
            for _ in range(60):
                group.start(int)
        assert group.tasks == () and group._leaving == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_while_it_starts_tasks_loses_none(until):
    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for turn in range(150):
            with contextlib.suppress(KeyboardInterrupt), raddle.Group() as group:
                signal.setitimer(signal.ITIMER_REAL, 0.0001 + turn % 30 * 0.0001)
                for _ in range(20):
                    group.start(int)
                raddle.sleep(0.01)
            assert group.tasks == ()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    mine = [each for each in stock.enumerate() if "(group" in each.name]
    until(lambda: not any(each.is_alive() for each in mine))


def test_a_handler_may_look_at_a_group():
    seen = []
    before = signal.signal(signal.SIGALRM, lambda *_: seen.append(group.tasks))
    try:
        for turn in range(100):
            with raddle.Group() as group:
                signal.setitimer(signal.ITIMER_REAL, 0.0001 + turn % 20 * 0.0001)
                for _ in range(10):
                    group.start(int)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert seen


def test_a_scope_that_a_handler_leaves_during_the_join_is_gone(threading):
    def keep():
        with raddle.deadline(LONG):
            yield

    go, kept = threading.Event(), keep()

    def close(*_):
        kept.close()
        go.set()

    before = signal.signal(signal.SIGALRM, close)
    try:
        next(kept)
        with contextlib.suppress(RuntimeError), raddle.Group() as group:
            group.start(go.wait)
            signal.setitimer(signal.ITIMER_REAL, 0.05)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert raddle.remaining() is None


def test_a_task_that_leaves_a_scope_open_ends(threading):
    kept = []

    def keep():
        with raddle.deadline(LONG):
            yield

    def task():
        kept.append(keep())
        next(kept[0])
        raise ValueError("its own")

    with pytest.raises(ExceptionGroup) as raised, raddle.Group() as group:
        group.start(task)
    assert [str(error) for error in raised.value.exceptions] == ["its own"]
    with raddle.Pool(1) as pool:
        kept.clear()
        with pytest.raises(ValueError, match="its own"):
            pool.submit(task).result()
        assert pool.submit(raddle.remaining).result() is None


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), ValueError()], ids=repr)
def test_a_callback_that_raises_does_not_keep_the_group(error, monkeypatch):
    monkeypatch.setattr(stock, "excepthook", lambda _: None)
    go = stock.Event()
    with raddle.Group() as group:
        task = group.start(go.wait)
        task.add_done_callback(lambda _: fail(error))
        go.set()
    assert group.tasks == ()


def test_a_pool_that_drops_its_tasks_does_not_keep_the_group(threading):
    go = threading.Event()
    pool = raddle.Pool(1)
    pool.submit(go.wait)
    with raddle.Group(pool=pool) as group:
        dropped = group.start(int)
        pool.shutdown(wait=False, cancel_futures=True)
        go.set()
    assert dropped.cancelled()


def test_a_deadline_reaches_a_task_that_begins_long_after_the_block(threading):
    with raddle.Pool(1) as pool:
        pool.submit(time.sleep, 1.6)  # For longer than the thread that looks stays for nobody.
        with pytest.raises(TimeoutError), raddle.Group(deadline=2, pool=pool) as group:
            group.start(compute)


def test_the_error_of_a_task_whose_result_is_asked_for_is_there_once():
    with pytest.raises(ExceptionGroup) as raised, raddle.Group() as group:
        group.start(fail, ValueError("x")).result()
    assert len(raised.value.exceptions) == 1
    with pytest.raises(SystemExit) as raised, raddle.Group() as group:
        group.start(fail, SystemExit(3)).result()
    assert raised.value.__cause__ is None


def test_a_cancelled_of_the_programs_own_comes_out():
    with pytest.raises(raddle.Cancelled, match="mine"), raddle.Group():
        raise raddle.Cancelled("mine")


def test_a_winner_does_not_hide_what_the_block_has_raised(threading):
    won = threading.Event()
    with pytest.raises(ExceptionGroup) as raised, raddle.Group(first=True) as group:
        group.start(won.set)
        won.wait()
        while group._winner is None:
            pass
        raise KeyError("the block's")
    assert [type(error) for error in raised.value.exceptions] == [KeyError]


def flat(error):
    if isinstance(error, BaseExceptionGroup):
        return [each for inner in error.exceptions for each in flat(inner)]
    return [error]


def test_nothing_is_lost_where_ctrl_c_goes_through_two_groups(threading):
    ready = threading.Barrier(3)

    def late(error):
        try:
            ready.wait()
            threading.Event().wait()
        except raddle.Cancelled:
            raise error from None

    with pytest.raises(KeyboardInterrupt) as raised, raddle.Group() as outer:
        outer.start(late, ValueError("outer"))
        with raddle.Group() as inner:
            inner.start(late, ValueError("inner"))
            ready.wait()
            raise KeyboardInterrupt
    assert sorted(str(each) for each in flat(raised.value.__cause__)) == ["inner", "outer"]


def test_a_generator_that_is_closed_in_a_group_raises_the_errors(threading):
    ready = threading.Event()

    def task():
        try:
            ready.set()
            threading.Event().wait()
        finally:
            raise KeyError("k")

    def generator():
        with raddle.Group() as group:
            group.start(task)
            yield

    made = generator()
    next(made)
    ready.wait()
    with pytest.raises(ExceptionGroup):
        made.close()


def test_a_forked_child_leaves_a_group_whose_tasks_are_the_parents():
    done = run(
        """
        import os, raddle

        with raddle.Group() as group:
            task = group.start(raddle.sleep, 0.2)
            pid = os.fork()
        if pid == 0:
            os._exit(0 if task.cancelled() and group.tasks == () else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), task.cancelled())
        """
    )
    assert done.stdout == "0 False\n", done.stderr


def test_a_forked_child_that_computes_is_stopped_by_the_deadline_it_was_made_in():
    done = run(
        """
        import os, raddle

        pid = None
        try:
            with raddle.deadline(0.2):
                pid = os.fork()
                while True:
                    pass
        except TimeoutError:
            if pid == 0:
                os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """
    )
    assert done.stdout == "0\n", done.stderr


def test_functions_that_are_equal_are_all_stopped():
    made = []
    for _ in range(2):
        names = {}
        exec(compile("def f():\n    while True: pass\n", "made.py", "exec"), names)
        made.append(names["f"])
    with pytest.raises(TimeoutError), raddle.Group(deadline=0.05) as group:
        for function in made:
            group.start(function)


def test_grace_is_that_of_the_scope_that_the_thread_is_in_now():
    def work(seconds):
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            pass

    for _ in range(5):
        with pytest.raises(TimeoutError), raddle.deadline(0.01, grace=0.0):
            compute()
        with raddle.deadline(0.0, grace=None):
            work(0.05)


def test_a_line_without_a_number_is_no_error():
    def odd():
        while True:
            x = 0
            try:
                for i in range(50):
                    match i:
                        case 49:
                            raise KeyError
            except KeyError:
                x = 300
                if x != 300:
                    print(x)

    for _ in range(40):
        with pytest.raises(TimeoutError), raddle.deadline(0.002, grace=0):
            odd()


@pytest.mark.skipif(
    sys.version_info < (3, 12),
    reason="where little is done outside of such code, 3.11 seldom stops it (docs/groups.md)",
)
def test_what_an_exit_stack_holds_is_given_back(threading):
    lock = threading.Lock()

    def work():
        while True:
            with contextlib.ExitStack() as stack:
                stack.enter_context(lock)

    for _ in range(100):
        with pytest.raises(TimeoutError), raddle.deadline(0.002, grace=0):
            work()
        assert not lock.locked()


def test_what_dies_is_cleaned_up():
    class Mortal:
        pass

    made, cleaned = 0, []

    def work():
        nonlocal made
        while True:
            it = Mortal()
            weakref.finalize(it, cleaned.append, 1)
            made += 1
            del it

    for _ in range(60):
        with pytest.raises(TimeoutError), raddle.deadline(0.002, grace=0):
            work()
    assert made - len(cleaned) <= 1 and made > 60


def test_those_that_wait_for_a_once_do_not_get_its_callers_cancellation(spawn, asleep):
    calls, begun = [], stock.Event()

    @sync.once
    def slow():
        calls.append(1)
        if len(calls) == 1:
            begun.set()
            raddle.sleep(LONG)
        return len(calls)

    scopes = []

    def caller():
        with raddle.deadline(None) as scope:
            scopes.append(scope)
            slow()

    first = spawn(caller)
    begun.wait()
    second = spawn(slow)
    asleep(second)
    scopes[0].cancel()
    first.result()
    assert second.result() == 2 == slow()


def test_once_as_a_target_and_of_a_class():
    class Service:
        @sync.once
        def connect(self):
            return [self]

    service, called = Service(), []
    assert Service.connect(service) is service.connect()
    thread = stock.Thread(target=sync.once(lambda: called.append(1)))
    thread.start()
    thread.join()
    assert called == [1] and sync.once(lambda: 7)(**{}) == 7


def test_a_property_that_another_thread_has_just_made_is_not_made_again():
    class Lazy:
        made = ()

        @sync.cached_property
        def value(self):
            Lazy.made += (1,)
            return object()

    lazy = Lazy()
    made = lazy.value
    # (As by a thread that was held up after it had not found the value.)
    assert vars(Lazy)["value"].__get__(lazy) is made
    assert len(Lazy.made) == 1 and vars(lazy) == {"value": made}


def test_a_ref_that_holds_itself_can_be_shown():
    ref = sync.AtomicRef()
    ref.set(ref)
    assert repr(ref) == "AtomicRef(AtomicRef(...))"
    ref.set(None)


def test_a_scope_that_nobody_can_leave_shields_no_wait(threading):
    with pytest.raises(TimeoutError, match="waited for an event"), raddle.deadline(0.01):
        # As a handler of a signal leaves it that raises between this and the block.
        raddle.shield().__enter__()
        threading.Event().wait(LONG)


@pytest.mark.parametrize("make", [raddle.deadline, lambda late: raddle.Group(deadline=late)])
def test_a_scope_that_nobody_can_leave_ends_nothing(make):
    def enter():
        made = make(0)
        made.__enter__()
        return weakref.ref(made)

    left = enter()
    raddle.checkpoint()
    raddle.sleep(0)
    assert raddle.remaining() is None
    assert left() is None


def test_a_start_that_is_interrupted_once_its_thread_runs_is_waited_for(
    monkeypatch, threading, until
):
    go, begun, turns, me = threading.Event(), threading.Event(), [], stock.get_ident()
    start, join_one = threading.Thread.start, raddle.Group._join_one

    def work():
        with raddle.shield():
            begun.set()
            go.wait()

    def end():
        until(lambda: me in {each[0] for each in _raddle._waits()} or len(turns) > 100)
        go.set()

    def interrupted(thread):
        start(thread)
        begun.wait()
        stock.Thread(target=end).start()
        raise KeyboardInterrupt

    def counted(group):
        turns.append(1)
        return join_one(group)

    monkeypatch.setattr(raddle.Group, "_join_one", counted)
    monkeypatch.setattr(_group.threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt), raddle.Group() as group:
        group.start(work)
    assert go.is_set() and len(turns) < 10


def test_a_call_that_has_failed_leaves_no_cycle(until):
    class Argument:
        pass

    def fail_with(argument):
        raise ValueError

    async def main(argument):
        with contextlib.suppress(ValueError):
            await raddle.to_thread(fail_with, argument)

    argument = Argument()
    gone = weakref.ref(argument)
    gc.collect()
    gc.disable()
    try:
        asyncio.run(main(argument))
        del argument
        until(lambda: gone() is None)  # (Its thread may be at its end still.)
    finally:
        gc.enable()
