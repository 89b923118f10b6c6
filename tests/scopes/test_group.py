"""Group: tasks that end together, errors, deadlines, and what is refused."""

import contextvars
import io
import os
import re
import signal
from concurrent.futures import CancelledError

import pytest
import raddle
from raddle._futures.group import _open as groups

pytestmark = pytest.mark.raddle_only
LONG = 1000  # seconds that nothing here takes

wanted = contextvars.ContextVar("wanted", default="nobody")


def fail(error):
    raise error


def flat(group):
    """Return all errors of a group of groups."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from flat(error)
        else:
            yield error


def test_the_block_ends_when_all_tasks_have(threading):
    go = threading.Event()
    with raddle.Group() as group:
        page = group.start(pow, 2, 10)
        size = group.start(lambda: go.wait(LONG) and len("four"))
        assert group.start(dict, one=1).result() == {"one": 1}
        go.set()
    assert (page.result(), size.result()) == (1024, 4)
    assert page.done() and size.done() and not size.cancelled()
    assert group.tasks == ()


def test_a_task_is_called_by_its_function_and_its_group(threading):
    def fetch():
        return threading.current_thread().name

    with raddle.Group(name="requests") as group:
        tasks = [group.start(fetch), group.start(fetch)]
    assert [task.result() for task in tasks] == [
        "fetch-1 (group requests)",
        "fetch-2 (group requests)",
    ]
    assert tasks[0].name == "fetch-1 (group requests)"
    assert repr(tasks[0]) == "<raddle.Task 'fetch-1 (group requests)': ended>"
    assert repr(group) == "<raddle.Group 'requests': ended, 0 tasks>"
    assert raddle.Group().name.startswith("group-")


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

    with pytest.raises(TimeoutError) as raised, raddle.Group(deadline=0.05, name="g") as group:
        tasks = [group.start(fetch), group.start(threading.Event().wait)]
    text = str(raised.value)
    assert text.startswith("the deadline of group g (0.05 s) has passed: ")
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

    short = raddle.Group(deadline=0.01, on_error="continue")
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


def test_a_result_that_came_after_the_deadline_counts(threading):
    go = threading.Event()

    def work():
        with raddle.shield():
            go.wait(LONG)
        return "done"

    with raddle.Group(deadline=0) as group:
        pass
    with raddle.Group(deadline=LONG) as group:
        task = group.start(work)
        while not task.running():
            pass
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


def test_groups_nest_and_the_inner_one_ends_with_the_outer(threading):
    inner_tasks = []

    def service():
        with raddle.Group(name="inner") as inner:
            inner_tasks.append(inner.start(threading.Event().wait))
            inner_tasks.append(inner.start(service_of_service))

    def service_of_service():
        with raddle.Group() as innermost:
            inner_tasks.append(innermost.start(raddle.sleep, LONG))

    with raddle.Group(name="outer") as outer:
        task = outer.start(service)
        while len(inner_tasks) < 3:
            raddle.sleep(0)
        outer.cancel()
    assert task.cancelled() and all(each.cancelled() for each in inner_tasks)


def test_an_outer_deadline_names_the_waits_of_the_inner_group(threading):
    def service():
        with raddle.Group(deadline=LONG, name="inner") as inner:
            inner.start(threading.Event().wait)

    with pytest.raises(TimeoutError) as raised, raddle.Group(deadline=0.05, name="o") as outer:
        outer.start(service)
    text = str(raised.value)
    assert text.startswith("the deadline of group o (0.05 s) has passed: service-1 (group o) ")
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


def test_the_context_follows():
    def name():
        before = wanted.get()
        wanted.set("changed by the task")
        return before

    token = wanted.set("alice")
    try:
        with raddle.Group() as group:
            first = group.start(name)
            first.result()
            second = group.start(name)
            own = contextvars.Context()
            third = group.start(name, context=own)
        assert wanted.get() == "alice"
    finally:
        wanted.reset(token)
    assert [first.result(), second.result()] == ["alice", "alice"]
    assert third.result() == "nobody" and own[wanted] == "changed by the task"


def test_map_is_in_order_and_bounded(threading):
    lock, most, running = threading.Lock(), 0, 0

    def double(number):
        nonlocal most, running
        with lock:
            running += 1
            most = max(most, running)
        raddle.sleep(0.001)
        with lock:
            running -= 1
        return 2 * number

    with raddle.Group() as group:
        assert group.map(double, range(20), workers=3) == [2 * n for n in range(20)]
        assert group.map(double, []) == []
    assert most <= 3


def test_an_error_in_map_ends_it():
    with pytest.raises(ExceptionGroup) as raised, raddle.Group() as group:
        group.map(lambda n: 1 // n, [1, 0, 2], workers=2)
    assert [type(error) for error in flat(raised.value)] == [ZeroDivisionError]


@pytest.mark.parametrize("workers", [0, -1])
def test_map_needs_a_worker(workers):
    with raddle.Group() as group:
        with pytest.raises(ValueError, match="at least 1"):
            group.map(abs, [1], workers=workers)
        for wrong in ("2", 1.5, True):
            with pytest.raises(TypeError, match="a number of threads"):
                group.map(abs, [1], workers=wrong)
        with pytest.raises(TypeError, match="what can be called"):
            group.map(7, [1])


def test_a_pool_makes_the_calls(threading):
    names = set()

    def note():
        names.add(threading.current_thread().name)

    with raddle.Pool(2) as pool:
        with raddle.Group(pool=pool) as group:
            for _ in range(20):
                group.start(note)
        assert 1 <= len(names) <= 2
        with pytest.raises(ExceptionGroup), raddle.Group(pool=pool) as group:
            waits = [group.start(threading.Event().wait) for _ in range(4)]
            group.start(abs, 1)
            raise KeyError("k")
        assert all(task.cancelled() for task in waits)
        assert pool.submit(abs, -1).result() == 1, "the workers are there"


def test_what_it_cannot_be_made_of_is_refused():
    with pytest.raises(ValueError, match="on_error is one of cancel, continue, not 'stop'"):
        raddle.Group(on_error="stop")
    with pytest.raises(TypeError, match="a group's name is a str, not 7"):
        raddle.Group(name=7)
    with pytest.raises(ValueError, match="not negative"):
        raddle.Group(deadline=-1)
    with pytest.raises(TypeError, match=r"a raddle\.Pool of threads"):
        raddle.Group(pool=7)
    with pytest.raises(TypeError):
        raddle.Group(5)


def test_misuse_is_answered(spawn):
    group = raddle.Group(name="g")
    with pytest.raises(RuntimeError, match="has not begun"):
        group.start(abs, 1)
    with pytest.raises(RuntimeError, match="has not begun"):
        group.cancel()
    with group:
        with pytest.raises(TypeError, match="a group starts what can be called, not 7"):
            group.start(7)
        with pytest.raises(RuntimeError, match="in a thread that is not in the group"):
            spawn(group.start, abs, 1).result()
        with pytest.raises(RuntimeError, match="was used before"):
            group.__enter__()
        with pytest.raises(RuntimeError, match="only a group that was made with first=True"):
            group.result()
    with pytest.raises(RuntimeError, match="has ended"):
        group.start(abs, 1)
    with pytest.raises(RuntimeError, match="was used before"):
        group.__enter__()


def test_a_task_that_waits_for_itself_is_refused(threading):
    box, ready = [], threading.Event()

    def itself():
        ready.wait()
        box[0].result()

    with pytest.raises(ExceptionGroup) as raised, raddle.Group() as group:
        box.append(group.start(itself))
        ready.set()
    assert "waits for itself" in str(raised.value.exceptions[0])


def test_a_task_may_start_others():
    def tree(depth):
        if depth:
            return [group.start(tree, depth - 1) for _ in range(2)]
        return None

    with raddle.Group() as group:
        group.start(tree, 4)
    assert group.tasks == () and group._count == 31


def test_start_in_a_group_that_has_ended_raises(threading):
    with raddle.Group() as group:
        group.cancel()
        with pytest.raises(raddle.Cancelled):
            group.start(abs, 1)


def test_a_thread_that_cannot_start_leaves_the_group_whole(monkeypatch):
    from raddle import threading

    def start(self):
        raise RuntimeError("can't start new thread")

    with raddle.Group() as group:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", start)
            with pytest.raises(RuntimeError, match="can't start"):
                group.start(abs, 1)
        assert group.tasks == ()
        assert group.start(abs, -1).result() == 1


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


def test_finished_tasks_are_let_go():
    with raddle.Group() as group:
        for _ in range(200):
            group.start(abs, 1).result()
        assert len(group._leaving) + len(group._running) < 20


def test_a_dump_shows_the_tree(threading):
    go = threading.Event()

    def fetch():
        with raddle.Group(name="parts") as parts:
            parts.start(go.wait)

    with raddle.Group(name="requests", deadline=LONG) as group:
        group.start(fetch)
        while not any(each.name == "parts" and each.tasks for each in list(groups.values())):
            raddle.sleep(0)
        out = io.StringIO()
        raddle.dump(out)
        go.set()
    lines = out.getvalue().splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("  group requests"))
    assert re.fullmatch(r"  group requests of MainThread, \d+\.\d s left:", lines[at])
    assert lines[at + 1] == "    fetch-1 (group requests)"
    assert lines[at + 2].startswith("      group parts of fetch-1 (group requests), ")
    assert lines[at + 3] == "        wait-1 (group parts)"
    out = io.StringIO()
    raddle.dump(out)
    assert "group requests" not in out.getvalue()
