"""Group: what tasks are, and do; nesting, contexts, pools, dumps, and what is refused."""

import contextvars
import io
import re

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
    begun = []

    def tree(depth):
        begun.append(depth)
        for _ in range(2 if depth else 0):
            group.start(tree, depth - 1)

    with raddle.Group() as group:
        group.start(tree, 4)
    assert group.tasks == () and len(begun) == 31


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


def test_finished_tasks_are_let_go():
    with raddle.Group() as group:
        for _ in range(200):
            group.start(abs, 1).result()
        assert len(group._leaving) + len(group._running) < 20


def begun():
    """Return the groups whose blocks have begun, and not ended."""
    return [group for ref in list(groups.values()) if (group := ref()) is not None]


def test_a_dump_shows_the_tree(threading):
    go = threading.Event()

    def fetch():
        with raddle.Group(name="parts") as parts:
            parts.start(go.wait)

    with raddle.Group(name="requests", deadline=LONG) as group:
        group.start(fetch)
        while "parts" not in [each.name for each in begun() if each.tasks]:
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
