"""Processes: what can be sent, whose error it is, and what a killed worker takes with it."""

import concurrent.futures
import functools
import os
import pickle
import sys
import threading

import kinds
import pytest
import raddle
import tasks
from raddle._map.backends import pickling

pytestmark = [pytest.mark.raddle_only, kinds.param("processes").marks[0]]


# Loky's, and the standard library's where "cores" comes to those.
KINDS = ["processes", "cores"] if kinds.real("cores") == "processes" else ["processes"]


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(scope="module", params=KINDS)
def pool(request):
    with kinds.without_loky(request.param):
        made = raddle.Pool(2, request.param)
    with made:
        yield made


def test_tasks_run_in_other_processes(pool):
    pids = {pid for pid, _ in pool.map(tasks.where, range(200))}
    assert os.getpid() not in pids
    assert 1 <= len(pids) <= 2


def test_lambdas_and_closures_can_be_sent(pool):
    offset = 5
    assert list(pool.map(lambda n: n + offset, range(5))) == [5, 6, 7, 8, 9]


MAIN = """
import raddle

class Point:
    def __init__(self, x):
        self.x = x

def double(point):
    return Point(point.x * 2)

points = list(raddle.map(double, map(Point, range(5)), backend={kind!r}, workers=2))
print([p.x for p in points], all(type(p) is Point for p in points))
"""


@pytest.mark.parametrize("kind", [kinds.param("processes"), kinds.param("interpreters")])
def test_functions_and_classes_of_main_can_be_sent(kind, tmp_path):
    import subprocess
    import sys

    # With no `if __name__ == "__main__"`: the program must not run again in the workers.
    script = tmp_path / "program.py"
    script.write_text(MAIN.format(kind=kind))
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("[0, 2, 4, 6, 8] True\n", "")


def test_a_function_that_cannot_be_sent_is_refused_at_the_call(pool):
    lock = threading.Lock()
    with pytest.raises(pickle.PicklingError, match="'lock' cannot be pickled") as caught:
        pool.map(lambda n: lock, [1])
    assert "cannot be sent to processes" in str(caught.value)
    with pytest.raises(pickle.PicklingError, match="'lock'"):
        pool.submit(lambda: lock)


class Holder:
    def __init__(self):
        self.guard = threading.Lock()

    def method(self, _):
        return 1


def test_a_method_is_refused_for_what_its_object_holds(pool):
    with pytest.raises(pickle.PicklingError, match="attribute 'guard'"):
        pool.map(Holder().method, [1])


def test_an_input_that_cannot_be_sent_is_that_items_error(pool):
    inputs = [1, threading.Lock(), 3]
    got = list(pool.map(tasks.square, inputs, on_error="return"))
    assert (got[0], got[2]) == (1, 9)
    assert isinstance(got[1], pickle.PicklingError)
    assert "lock" in str(got[1])
    assert got[1].__notes__[0].startswith("Pool.map: input 1: <")


def test_a_result_that_cannot_be_sent_is_that_items_error(pool):
    got = list(pool.map(tasks.unpicklable, range(3), on_error="return"))
    assert [type(each) for each in got] == [TypeError] * 3
    assert "lock" in str(got[0])


def test_an_exception_that_cannot_be_made_again_still_arrives(pool):
    with pytest.raises(RuntimeError, match="Odd: one and two"):
        list(pool.map(tasks.odd, [1]))


def test_the_workers_traceback_is_the_cause(pool):
    with pytest.raises(ValueError, match="no 5") as caught:
        list(pool.map(tasks.fail, [5]))
    assert isinstance(caught.value.__cause__, pickling.WorkerTraceback)
    assert 'raise ValueError(f"no {number}")' in str(caught.value.__cause__)


def test_tiny_tasks_share_messages(pool):
    sizes = []
    results = pool.map(tasks.square, range(20_000))
    send = results._job.send

    def counted(message, done):
        sizes.append(len(message.inputs))
        send(message, done)

    results._job.send = counted
    assert sum(results) == sum(n * n for n in range(20_000))
    assert max(sizes) > 4
    assert len(sizes) < 10_000


def test_a_killed_worker_is_an_error_that_names_its_input(kind):
    with pytest.raises(concurrent.futures.BrokenExecutor) as caught:
        list(raddle.map(_die_at_7, range(100), backend=kind, workers=2))
    killed = "exit code 9" if sys.platform == "win32" else "SIGKILL"
    assert killed in str(caught.value)
    assert "input 7, 7" in str(caught.value)


def _die_at_7(number):
    return tasks.die_at(number, 7)


@pytest.mark.parametrize("mode", ["return", "collect"])
def test_what_a_killed_worker_had_not_begun_is_done_by_others(mode, kind, tmp_path):
    die = functools.partial(tasks.die_at_7_first, mark=str(tmp_path / "died"))
    results = raddle.map(die, range(400), backend=kind, workers=2, on_error=mode)
    got, lost = [], []
    try:
        for result in results:
            (lost if isinstance(result, Exception) else got).append(result)
    except* concurrent.futures.BrokenExecutor as group:
        lost += group.exceptions
    assert len(got) + len(lost) == 400
    assert len(set(got)) == len(got)  # nothing was done twice
    assert [e for e in lost if "died while it did input 7, 7" in str(e)]
    assert set(got) >= set(range(390, 400))


def test_a_pool_survives_a_killed_worker(kind):
    with raddle.Pool(2, kind) as pool:
        lost = pool.submit(tasks.die_at, 3, 3)
        assert "died while it did" in str(lost.exception(60))
        assert pool.submit(tasks.square, 3).result(60) == 9
        assert list(pool.map(tasks.square, range(5))) == [0, 1, 4, 9, 16]


def test_a_worker_that_ends_before_it_begins_is_an_error(kind):
    with raddle.Pool(1, kind, os._exit, (3,)) as pool:
        with pytest.raises(concurrent.futures.BrokenExecutor, match="exit code 3"):
            list(pool.map(tasks.square, [1]))
        assert "exit code 3" in str(pool.submit(tasks.square, 1).exception(60))


def test_the_pools_files_are_gone_with_it(kind):
    pool = raddle.Pool(1, kind)
    notes = pool._backend._notes
    assert pool.submit(tasks.square, 2).result(60) == 4
    assert os.path.exists(notes)
    pool.close()
    assert not os.path.exists(notes)


def test_what_a_signals_handler_raises_while_a_process_starts_is_not_lost(monkeypatch):
    from raddle._map.backends import spawn

    real = spawn.Executor._spawn_process

    def start(executor):
        real(executor)
        raise TimeoutError("an alarm")  # As the handler does, which runs between any two steps.

    monkeypatch.setattr(spawn.Executor, "_spawn_process", start)
    executor = spawn.Executor(2, None, ())
    with pytest.raises(TimeoutError, match="an alarm"):
        executor.submit(abs, -1)
    executor.shutdown(kill_workers=True)
