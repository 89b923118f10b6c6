"""Dask: a real scheduler and real worker processes on loopback, one of them killed."""

import concurrent.futures
import contextlib
import json
import os
import socket
import subprocess
import sys
import time

import kinds
import pytest
import raddle
import tasks
from paths import SUPPORT

# What workers import: what tests share, and this module.
PATH = os.pathsep.join([str(SUPPORT), os.path.dirname(__file__)])

pytestmark = [pytest.mark.raddle_only, kinds.param("dask").marks[0]]


class Cluster:
    """`dask scheduler` and `dask worker`, as people start them."""

    def __init__(self, home):
        self.file = home / "scheduler.json"
        self.environment = {**os.environ, "PYTHONPATH": PATH}
        for name in [name for name in self.environment if name.startswith("RADDLE")]:
            del self.environment[name]
        self.processes = []
        self.scheduler = self.start("scheduler", "--port", "0", "--no-dashboard", "--no-show")
        limit = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError, ValueError):
                self.address = json.loads(self.file.read_text())["address"]
                break
            assert time.monotonic() < limit, "the scheduler did not start"
            time.sleep(0.05)
        self.url = self.address.replace("tcp://", "dask://")

    def start(self, kind, *options):
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", kind, "--scheduler-file", str(self.file)]
            + (["--host", "127.0.0.1"] if kind == "scheduler" else [])
            + list(options),
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        return process

    def worker(self):
        return self.start("worker", "--nthreads", "1", "--no-dashboard", "--no-nanny")

    def end(self):
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = Cluster(tmp_path_factory.mktemp("dask"))
    try:
        made.worker()
        made.worker()
        from distributed import Client

        with Client(made.address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        yield made
    finally:
        made.end()


def test_a_scheduler_is_found_by_its_address(cluster):
    assert list(raddle.map(tasks.square, range(500), backend=cluster.url)) == [
        n * n for n in range(500)
    ]


def test_a_client_is_used_and_left_open(cluster):
    from distributed import Client

    with Client(cluster.address, set_as_default=False) as client:
        with raddle.Pool(backend=client) as pool:
            assert pool.workers == 2
            assert sum(pool.map(tasks.square, range(100))) == 328350
            assert pool.submit(tasks.add, 1, right=2).result(60) == 3
        assert client.status == "running"
        assert list(raddle.map(tasks.square, [3], backend=client)) == [9]
        assert client.submit(tasks.square, 4).result() == 16


def test_errors_are_their_items(cluster):
    results = raddle.map(tasks.fail, range(12), backend=cluster.url, on_error="return")
    got = list(results)
    assert str(got[5]) == "no 5"
    assert got[5].__notes__ == ["raddle.map: input 5: 5"]


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(cluster, tmp_path):
    spare = cluster.worker()
    try:
        got = list(
            raddle.map(_die_once, range(300), [str(tmp_path)] * 300, backend=cluster.url)
        )
        assert (tmp_path / "died").exists()
        assert got == [n * n for n in range(300)]
    finally:
        spare.kill()
        cluster.worker()


def _die_once(number, folder):
    return tasks.die_once(number, folder)


def test_an_input_that_kills_every_worker_is_named():
    # A cluster of its own, which starts new workers in the place of those that died.
    with raddle.Pool(2, "dask") as pool:
        got = list(pool.map(_die_at_7, range(30), on_error="return"))
    assert got[:7] + got[8:] == [n for n in range(30) if n != 7]
    assert isinstance(got[7], concurrent.futures.BrokenExecutor)
    assert "input 7, 7" in str(got[7])


def _die_at_7(number):
    return tasks.die_at(number, 7)


def test_an_input_that_was_beside_the_one_that_kills_is_not_blamed():
    # On one worker: Dask counts each death against all that were waiting there.
    with raddle.Pool(1, "dask") as pool:
        got = list(pool.map(_die_in_company, range(8), on_error="return"))
    assert got[1:] == list(range(1, 8))
    assert "input 0, 0" in str(got[0])


def _die_in_company(number):
    """Die at 0, once others wait on the worker, if any come."""
    from distributed import get_worker

    limit = time.monotonic() + 1
    while number == 0 and len(get_worker().state.tasks) == 1 and time.monotonic() < limit:
        time.sleep(0.01)
    return tasks.die_at(number, 0)


def test_a_scheduler_that_is_killed_is_an_error_and_no_hang(tmp_path):
    cluster = Cluster(tmp_path)
    try:
        cluster.worker()
        results = raddle.map(tasks.brief, range(10**9), backend=cluster.url, workers=2)
        assert next(results) == 0
        cluster.scheduler.kill()
        with pytest.raises(concurrent.futures.BrokenExecutor, match="was lost"):
            for _ in results:
                pass
    finally:
        cluster.end()


def test_an_unreachable_scheduler_is_named_within_a_bounded_time(monkeypatch):
    from raddle._map.backends import dask

    monkeypatch.setattr(dask, "CONNECT_TIMEOUT", 1.0)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"dask://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(ConnectionError, match=address):
            raddle.map(tasks.square, [1], backend=address)


@pytest.mark.parametrize("address", ["dask://", "dask://host", "dask://host:port"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(ValueError, match="dask://host:port"):
        raddle.map(tasks.square, [1], backend=address)


def test_a_closed_client_is_refused(cluster):
    from distributed import Client

    client = Client(cluster.address, set_as_default=False)
    client.close()
    with pytest.raises(ConnectionError, match="closed"):
        raddle.map(tasks.square, [1], backend=client)


def test_initializers_are_refused():
    with pytest.raises(ValueError, match="WorkerPlugin"):
        raddle.Pool(backend="dask", initializer=print)


WITHOUT = """
import pickle, sys
sys.modules["raddle"] = None
run = pickle.loads(bytes.fromhex(sys.argv[1]))
outcomes, seconds = run(pickle.dumps(abs), [pickle.dumps((-3,)), pickle.dumps(("x",))], 1.0)
print(pickle.loads(outcomes[0]), pickle.loads(outcomes[1][0]))
"""


def test_workers_need_not_have_raddle(child):
    from raddle._map.backends import remote_work
    from raddle._map.backends.dask import Carried

    done = child(WITHOUT, prelude="", arguments=[Carried(remote_work.run).data.hex()])
    assert done.stdout == "3 bad operand type for abs(): 'str'\n"
