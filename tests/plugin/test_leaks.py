"""`pytest --raddle`: what a test leaves running is told, but for what is there on purpose."""

import argparse
import functools
import re
import threading as stock
import types

import pytest

known = pytest.importorskip("raddle._pytest.known_threads")
pytest_plugin = pytest.importorskip("raddle.pytest_plugin")

pytest_plugins = "pytester"
pytestmark = pytest.mark.raddle_only


@pytest.mark.parametrize("daemon", [True, False])
def test_a_thread_that_outlives_its_test_is_a_failure(daemon, suite):
    done = suite(
        f"""
        import threading

        go = threading.Event()

        def serve():
            go.wait(60)

        def test_starts():
            threading.Thread(target=serve, name="server", daemon={daemon}).start()

        def test_next():
            go.set()
        """,
        "--raddle",
    )
    done.assert_outcomes(passed=2, errors=1)
    text = done.stdout.str()
    assert "raddle: 1 thread outlived the test that started it" in text
    daemon = " (daemon)" if daemon else ""
    assert f"server{daemon}, which runs serve (test_app.py:5), is at" in text
    assert "test_app.py:6 in serve" in text
    assert "ERROR test_app.py::test_starts" in text


def test_threads_that_end_with_their_test_or_belong_to_a_fixture_are_fine(suite):
    done = suite(
        """
        import pytest, threading, time

        @pytest.fixture(scope="module")
        def server():
            go = threading.Event()
            thread = threading.Thread(target=go.wait)
            thread.start()
            yield thread
            go.set()
            thread.join()

        def test_uses(server):
            assert server.is_alive()

        def test_short():
            threading.Thread(target=time.sleep, args=(0.05,)).start()

        def test_uses_again(server):
            assert server.is_alive()
        """,
        "--raddle",
    )
    done.assert_outcomes(passed=3)


OUTLIVES = """
    import threading

    import pytest

    go = threading.Event()

    def beat():
        go.wait(60)

    def start():
        threading.Thread(target=beat, name="heartbeat-1").start()

    @pytest.mark.raddle_known_threads("heartbeat-*")
    def test_name():
        start()

    @pytest.mark.raddle_known_threads("other", "test_app")
    def test_module():
        start()

    @pytest.mark.raddle_known_threads
    def test_any():
        start()

    @pytest.mark.raddle_known_threads("heart", "test_ap")
    def test_other():
        start()

    def test_last():
        go.set()
"""


def test_a_mark_names_the_threads_that_may_outlive_the_test(suite):
    done = suite(OUTLIVES, "--raddle", "--raddle-grace=0", "--strict-markers")
    done.assert_outcomes(passed=5, errors=1)
    done.stdout.fnmatch_lines(["ERROR test_app.py::test_other - raddle: 1 thread outlived *"])


def test_threads_may_outlive_all_tests_if_asked_for(suite, pytester):
    suite(OUTLIVES, "--raddle", "--raddle-no-leaks").assert_outcomes(passed=5)
    pytester.makeini("[pytest]\nraddle_known_threads =\n    nothing\n    heartbeat-1\n")
    suite(OUTLIVES, "--raddle").assert_outcomes(passed=5)


def keep():
    """What a thread would run, if it were started."""


class Keeper(stock.Thread):
    def keep(self):
        """The same."""


@pytest.mark.parametrize(
    "thread",
    [
        lambda cached: stock.Thread(target=cached.keep),
        lambda cached: stock.Thread(target=functools.partial(functools.partial(cached.keep))),
        lambda cached: stock.Thread(target=cached.Keeper().keep),
        lambda cached: stock.Thread(target=type("Own", (cached.Keeper,), {})().keep),
        lambda cached: stock.Timer(0, cached.keep),
        lambda cached: cached.Keeper(),
        lambda cached: type("Own", (cached.Keeper,), {})(name="other"),
    ],
)
def test_a_thread_comes_from_the_module_of_its_class_or_of_what_it_runs(thread, monkeypatch):
    monkeypatch.setattr(keep, "__module__", "app.cache")
    monkeypatch.setattr(Keeper, "__module__", "app.cache")
    made = thread(types.SimpleNamespace(keep=keep, Keeper=Keeper))
    for pattern in ("app.cache", "app", "a*.cache", "*.cache", "app.*"):
        assert known.matches(made, ["nothing", pattern])
    for pattern in ("app.cach", "cache", "ap", "app.cache.keep", "threading", "builtins"):
        assert not known.matches(made, ["nothing", pattern])


def test_a_name_is_matched_whole():
    made = stock.Thread(name="heartbeat-1")
    assert known.matches(made, ["heartbeat-[0-9]"]) and known.matches(made, ["*beat*"])
    assert not known.matches(made, ["heartbeat"]) and not known.matches(made, ["Heartbeat-1"])


class Asked(stock.Thread):
    """A thread of a program's class, which would rather not be asked."""

    def __getattribute__(self, name):
        raise AssertionError(name)


def test_no_code_of_the_program_runs_to_know_a_thread():
    made = Asked.__new__(Asked)
    object.__getattribute__(made, "__dict__")["_name"] = "quiet"
    assert known.matches(made, ["quiet"])
    assert not known.is_lasting(made) and not known.is_idle(made, None, None)


def test_the_grace_is_an_option(suite, pytester):
    waits = """
        import threading

        go = threading.Event()

        def test_starts():
            threading.Thread(target=go.wait, args=(60,)).start()
            {0}

        def test_last():
            go.set()
    """
    pytester.makeini("[pytest]\nraddle_grace = 0\n")
    suite(waits.format(""), "--raddle").assert_outcomes(passed=2, errors=1)
    # Longer than the grace that is the default.
    ends = waits.format("threading.Timer(1.2, go.set).start()")
    suite(ends, "--raddle", "--raddle-grace=60").assert_outcomes(passed=2)


def test_a_grace_is_a_number_of_seconds():
    assert [pytest_plugin._seconds(text) for text in ("0", "2.5", "1e1")] == [0, 2.5, 10]
    for text in ("soon", "-1", "nan", "inf", "1s", ""):
        with pytest.raises(argparse.ArgumentTypeError, match=f"0 or more, not '{text}'"):
            pytest_plugin._seconds(text)


def test_what_is_wrong_is_told_at_once(suite, pytester):
    done = suite(OUTLIVES, "--raddle", "--raddle-grace=soon")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*--raddle-grace: a number of seconds, 0 or more, not 'soon'"])
    done = suite(OUTLIVES.replace('"heart", "test_ap"', '"heart", 1'), "--raddle")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    mark = "the mark raddle_known_threads takes names of threads or of modules"
    done.stderr.fnmatch_lines([f"ERROR: test_app.py::test_other: {mark}, not 'heart', 1"])
    pytester.makeini("[pytest]\nraddle_grace = -1\n")
    done = suite(OUTLIVES, "--raddle")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    line = "ERROR: raddle_grace is a number of seconds, 0 or more, not '-1'"
    done.stderr.fnmatch_lines([line])


POOLS = """
    import asyncio
    import concurrent.futures
    import multiprocessing.pool
    import threading

    import raddle

    POOL = concurrent.futures.ThreadPoolExecutor(2)
    LOOP = asyncio.new_event_loop()
    THREADS = []
    REST = threading.Event()

    def test_executor():
        assert POOL.submit(abs, -1).result() == 1

    def test_executor_of_a_loop():
        assert LOOP.run_until_complete(LOOP.run_in_executor(None, abs, -1)) == 1

    def test_pool_of_multiprocessing():
        THREADS.append(multiprocessing.pool.ThreadPool(2))
        assert THREADS[0].map(abs, [-1]) == [1]

    def test_raddle():
        assert list(raddle.map(abs, [-1, -2])) == [1, 2]

    def test_one_that_rests_soon():
        begun = threading.Event()

        def work():
            begun.set()
            REST.wait()

        POOL.submit(work)
        begun.wait()
        threading.Timer(0.2, REST.set).start()
"""


def test_the_idle_workers_of_a_pool_may_outlive_a_test(suite):
    suite(POOLS, "--raddle").assert_outcomes(passed=5)


PROCESSES = """
    import concurrent.futures
    import multiprocessing
    import os
    import time

    SPAWN = multiprocessing.get_context("spawn")
    POOLS = []

    def wait_for(path):
        while not os.path.exists(path):
            time.sleep(0.01)

    def test_idle():
        POOLS.append(concurrent.futures.ProcessPoolExecutor(1, mp_context=SPAWN))
        assert POOLS[0].submit(abs, -1).result() == 1

    def test_busy():
        POOLS.append(concurrent.futures.ProcessPoolExecutor(1, mp_context=SPAWN))
        POOLS[1].submit(wait_for, "go")

    def test_last():
        open("go", "w").close()
        for each in POOLS:
            each.shutdown()
"""


def test_a_pool_of_processes_may_if_it_has_nothing_to_do(suite):
    done = suite(PROCESSES, "--raddle")
    done.assert_outcomes(passed=3, errors=1)
    assert "ERROR test_app.py::test_busy - raddle: 1 thread outlived" in done.stdout.str()
    assert "which runs _ExecutorManagerThread.run (process.py:" in done.stdout.str()


BUSY = """
    import concurrent.futures
    import multiprocessing.pool
    import threading

    executor = concurrent.futures.ThreadPoolExecutor(3, "fetch")
    pools = []
    lock = threading.Lock()
    go = threading.Event()
    barrier = threading.Barrier(4)

    def fetch():
        barrier.wait()
        go.wait(60)

    class Job:
        def run(self):
            fetch()

    def test_starts():
        pools.append(multiprocessing.pool.ThreadPool(1))
        lock.acquire()
        executor.submit(fetch)
        executor.submit(Job().run)
        executor.submit(lock.acquire)
        threading.Timer(60, fetch).start()
        pools[0].apply_async(fetch)
        barrier.wait()

    def test_last():
        go.set()
        lock.release()
        for each in threading.enumerate():
            if isinstance(each, threading.Timer):
                each.cancel()
        executor.shutdown()
        pools[0].terminate()
        pools[0].join()
"""


def test_a_worker_with_a_task_is_told_with_what_it_runs(suite):
    done = suite(BUSY, "--raddle", "--raddle-grace=0")
    done.assert_outcomes(passed=2, errors=1)
    text = done.stdout.str()
    assert "raddle: 5 threads outlived the test that started it" in text
    assert ", which runs fetch 60 s after its start, is at" in text
    workers = re.findall(r"  fetch_\d, which runs (.*), is at", text)
    assert sorted(workers) == [
        "Job.run (test_app.py:16)",
        "a task that has no line of Python",
        "fetch (test_app.py:11)",
    ]
    assert re.search(r"\(worker\) \(daemon\), which runs worker \(pool.py:\d+\), is at", text)
