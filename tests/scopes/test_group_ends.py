"""Group: how it ends: by errors, deadlines, cancellation, the first result, Ctrl-C."""

import os
import signal
from concurrent.futures import CancelledError

import pytest
import raddle

pytestmark = pytest.mark.raddle_only
LONG = 1000  # seconds that nothing here takes


def fail(error):
    raise error


def flat(group):
    """Return all errors of a group of groups."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from flat(error)
        else:
            yield error


def test_the_first_error_ends_the_others(threading):
    with pytest.raises(ExceptionGroup) as raised, raddle.Group(name="g") as group:
        asleep = group.start(threading.Event().wait)
        failed = group.start(fail, KeyError("k"))
        threading.Event().wait()  # the block is ended, too
    assert [repr(error) for error in raised.value.exceptions] == ["KeyError('k')"]
    assert str(raised.value) == "1 error in group g (1 sub-exception)"
    assert asleep.cancelled() and isinstance(failed.exception(), KeyError)
    assert group.cancelled
    with pytest.raises(CancelledError):
        asleep.result()


def test_an_error_of_the_block_ends_the_tasks(threading):
    with pytest.raises(ExceptionGroup) as raised, raddle.Group() as group:
        asleep = group.start(threading.Event().wait)
        raise KeyError("k")
    assert [type(error) for error in raised.value.exceptions] == [KeyError]
    assert asleep.cancelled()


def test_every_error_is_there_once(threading):
    ready = threading.Barrier(4)

    def late(error):
        try:
            ready.wait()
            threading.Event().wait()
        except raddle.Cancelled:
            raise error from None

    with pytest.raises(ExceptionGroup) as raised, raddle.Group() as group:
        for number in range(3):
            group.start(late, ValueError(number))
        ready.wait()
        raise KeyError("the block's")
    errors = sorted(map(repr, raised.value.exceptions))
    assert errors == ['KeyError("the block\'s")', *(f"ValueError({n})" for n in range(3))]
    assert raised.value.__cause__ is None and raised.value.__suppress_context__


def test_on_error_continue_lets_the_others_go_on(threading):
    go = threading.Event()
    with pytest.raises(ExceptionGroup) as raised, raddle.Group(on_error="continue") as group:
        failed = group.start(fail, KeyError("k"))
        with pytest.raises(KeyError):
            failed.result()
        other = group.start(go.wait, LONG)
        go.set()
        other.result()
    assert other.result() is True
    assert len(raised.value.exceptions) == 1


def test_cancel_ends_the_block_without_an_error(threading):
    with raddle.Group() as group:
        task = group.start(threading.Event().wait)
        assert group.cancel() is True
        threading.Event().wait()
        raise AssertionError("the block was ended")
    assert task.cancelled() and group.cancelled
    assert group.cancel() is False


def test_a_task_can_cancel_its_group(threading):
    with raddle.Group() as group:
        group.start(lambda: group.cancel())
        threading.Event().wait()


def test_one_task_is_cancelled_and_the_others_go_on(threading):
    go = threading.Event()
    with raddle.Group() as group:
        one, other = group.start(threading.Event().wait), group.start(go.wait, LONG)
        assert one.cancel() is True
        with pytest.raises(CancelledError):
            one.result()
        assert one.cancel() is True, "as of any future that is cancelled"
        go.set()
    assert other.result() is True and other.cancel() is False
    assert not group.cancelled


def test_a_deadline_ends_all_and_names_what_each_waited_for(threading, queue):
    jobs = queue.Queue()

    def fetch():
        jobs.get()

    with pytest.raises(TimeoutError) as raised, raddle.Group(deadline=1, name="g") as group:
        tasks = [group.start(fetch), group.start(threading.Event().wait)]
    text = str(raised.value)
    assert text.startswith("the deadline of group g (1 s) has passed: ")
    assert "fetch-1 (group g) waited for an item in a queue, " in text
    assert "wait-2 (group g) waited for an event to be set" in text
    assert "jobs.get()" in text
    assert all(task.cancelled() for task in tasks)


def test_a_deadline_is_in_the_group_if_there_were_errors(threading):
    def late():
        try:
            threading.Event().wait()
        finally:
            raise KeyError("k")

    short = raddle.Group(deadline=0.5, on_error="continue")
    with pytest.raises(ExceptionGroup) as raised, short as group:
        group.start(late)
        group.start(threading.Event().wait)
    assert sorted(type(error).__name__ for error in raised.value.exceptions) == [
        "KeyError",
        "TimeoutError",
    ]


def test_a_group_that_is_done_in_time_is_no_error():
    with raddle.Group(deadline=LONG) as group:
        task = group.start(group.remaining)
    assert 0 < task.result() <= LONG


def test_a_result_that_came_after_the_deadline_counts(threading, until):
    go = threading.Event()

    def work():
        with raddle.shield():
            go.wait(LONG)
        return "done"

    with raddle.Group(deadline=0) as group:
        pass
    with raddle.Group(deadline=LONG) as group:
        task = group.start(work)
        until(task.running)
        group.cancel()
        go.set()
    assert task.result() == "done" and not task.cancelled()


def test_the_first_result_ends_the_rest(threading):
    with raddle.Group(first=True) as group:
        tasks = [group.start(threading.Event().wait) for _ in range(3)]
        group.start(fail, KeyError("a loser's"))
        group.start(lambda: "won")
        with pytest.raises(RuntimeError, match="before its block has ended"):
            group.result()
    assert group.result() == "won"
    assert all(task.cancelled() for task in tasks)


def test_if_none_succeeds_all_errors_come_out():
    with pytest.raises(ExceptionGroup) as raised, raddle.Group(first=True) as group:
        for number in range(3):
            group.start(fail, ValueError(number))
    assert len(raised.value.exceptions) == 3
    with pytest.raises(RuntimeError, match=r"no task of .* has succeeded"):
        group.result()


def test_an_outer_deadline_names_the_waits_of_the_inner_group(threading):
    def service():
        with raddle.Group(deadline=LONG, name="inner") as inner:
            inner.start(threading.Event().wait)

    with pytest.raises(TimeoutError) as raised, raddle.Group(deadline=1, name="o") as outer:
        outer.start(service)
    text = str(raised.value)
    assert text.startswith("the deadline of group o (1 s) has passed: service-1 (group o) ")
    assert "wait-1 (group inner) waited for an event to be set" in text


def test_an_error_of_an_inner_group_is_the_tasks():
    def service():
        with raddle.Group() as inner:
            inner.start(fail, KeyError("k"))

    with pytest.raises(ExceptionGroup) as raised, raddle.Group() as outer:
        outer.start(service)
    assert [type(error) for error in flat(raised.value)] == [KeyError]


def test_a_deadline_around_a_group_ends_it(threading):
    late = pytest.raises(TimeoutError, match=r"the deadline \(0.05 s\)")
    with late, raddle.deadline(0.05), raddle.Group() as group:
        task = group.start(threading.Event().wait)
    assert task.cancelled()


def test_an_error_in_map_ends_it():
    with pytest.raises(ExceptionGroup) as raised, raddle.Group() as group:
        group.map(lambda n: 1 // n, [1, 0, 2], workers=2)
    assert [type(error) for error in flat(raised.value)] == [ZeroDivisionError]


def test_ctrl_c_ends_the_tasks_and_comes_out(threading):
    ready = threading.Event()

    def task():
        ready.set()
        threading.Event().wait()

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt), raddle.Group() as group:
            running = group.start(task)
            ready.wait()
            signal.setitimer(signal.ITIMER_REAL, 0.01)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert running.cancelled()


def test_a_second_ctrl_c_does_not_break_the_tidying(threading):
    ready, tidying, go = threading.Event(), threading.Event(), threading.Event()
    tidied = []

    def task():
        try:
            ready.set()
            threading.Event().wait()
        finally:
            with raddle.shield():
                tidying.set()
                os.kill(os.getpid(), signal.SIGALRM)
                go.wait()
                tidied.append("all")

    def interrupt(*_):
        if tidying.is_set():
            go.set()
        raise KeyboardInterrupt("second" if go.is_set() else "first")

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt, match="first"), raddle.Group() as group:
            running = group.start(task)
            ready.wait()
            os.kill(os.getpid(), signal.SIGALRM)
            threading.Event().wait()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert tidied == ["all"] and running.cancelled() and go.is_set()


def test_errors_are_the_cause_of_a_ctrl_c(threading):
    ready = threading.Event()

    def task():
        try:
            ready.set()
            threading.Event().wait()
        finally:
            raise KeyError("k")

    with pytest.raises(KeyboardInterrupt) as raised, raddle.Group() as group:
        group.start(task)
        ready.wait()
        raise KeyboardInterrupt
    assert [type(error) for error in raised.value.__cause__.exceptions] == [KeyError]


def test_system_exit_of_a_task_is_an_error_like_any(threading):
    with pytest.raises(BaseExceptionGroup) as raised, raddle.Group() as group:
        group.start(fail, SystemExit(3))
    assert [type(error) for error in raised.value.exceptions] == [SystemExit]


def test_a_task_that_waits_for_one_that_is_cut_is_cut_as_well():
    for _ in range(20):
        with pytest.raises(TimeoutError), raddle.Group(deadline=0.002) as group:
            sleeps = group.start(raddle.sleep, LONG)
            for _ in range(4):
                group.start(sleeps.result)
        with pytest.raises(TimeoutError), raddle.Group(deadline=0.002) as group:
            group.start(raddle.sleep, LONG).result()


def test_a_pool_that_is_busy_with_others_does_not_hold_up_a_group(threading):
    go = threading.Event()
    with raddle.Pool(1) as pool:
        busy = pool.submit(go.wait)
        late = pytest.raises(TimeoutError, match="had not begun")
        with late, raddle.Group(pool=pool, deadline=0.01) as group:
            task = group.start(int)
        assert not busy.done() and task.cancelled()
        go.set()
        assert busy.result()


@pytest.mark.filterwarnings("always::RuntimeWarning")
def test_a_task_that_swallows_its_cancellation_is_warned_of(recwarn):
    slept = []

    def swallow():
        try:
            raddle.sleep(LONG)
        except raddle.Cancelled:
            slept.append(True)
            return 7

    for seconds in (0.01, 1, 30):  # (It may pass before the task begins.)
        with pytest.raises(TimeoutError), raddle.Group(deadline=seconds) as group:
            group.start(swallow)
            raddle.sleep(LONG)
        if slept:
            break
    [warned] = [each for each in recwarn if each.category is RuntimeWarning]
    assert "test_group_ends.py" in str(warned.message)


def test_map_flattens_one_error_stops_taking_inputs_and_refuses_first():
    with pytest.raises(ExceptionGroup) as raised, raddle.Group() as group:
        group.map(lambda number: 1 // number, [0])
    assert [type(each) for each in raised.value.exceptions] == [ZeroDivisionError]
    with pytest.raises(TimeoutError), raddle.Group(deadline=0.01) as group:
        group.map(abs, iter(int, 1))
    with pytest.raises(ExceptionGroup) as raised, raddle.Group(first=True) as group:
        group.map(abs, [1])
    assert "first=True" in str(raised.value.exceptions[0])
