"""`pytest --raddle`: what hangs fails and says why."""

import pytest

pytest_plugins = "pytester"
pytestmark = pytest.mark.raddle_only


INSTALLED = """
    import sys

    def test_which():
        import threading
        print("installed:", "raddle" in sys.modules and sys.modules["raddle"].installed())
        print("extension:", "raddle._raddle" in sys.modules)
        print(threading.Lock())
"""


def test_without_the_option_nothing_is_installed(suite):
    done = suite(INSTALLED, "-s")
    done.assert_outcomes(passed=1)
    assert "installed: False\nextension: False" in done.stdout.str()


def test_a_report_ends_at_the_test(suite):
    done = suite(
        """
        import threading

        def take(lock):
            with lock:
                pass

        def test_twice():
            lock = threading.Lock()
            with lock:
                take(lock)
        """,
        "--raddle",
    )
    done.assert_outcomes(failed=1)
    report = done.stdout.str().partition("raddle: deadlock: ")[2].partition(" holds lock")[0]
    assert "in take" in report and "in test_twice" in report
    assert "_pytest" not in report and "pluggy" not in report


def test_a_suite_that_starts_on_raddle_is_not_warned(suite, monkeypatch):
    monkeypatch.setenv("RADDLE", "1")
    suite("def test_nothing(): pass", "-Werror").assert_outcomes(passed=1)


def test_the_option_installs_raddle_before_conftest(suite, pytester):
    pytester.makeconftest(
        """
        from threading import Event
        import raddle
        assert raddle.installed() and Event is raddle._raddle.Event
        """
    )
    done = suite(INSTALLED, "-s", "--raddle")
    done.assert_outcomes(passed=1)
    assert "installed: True" in done.stdout.str()
    done.stdout.fnmatch_lines(["raddle: *, deadlocks are failures"])


def test_a_test_that_would_wait_for_itself_fails_with_the_report(suite):
    done = suite(
        """
        import threading

        def test_twice():
            lock = threading.Lock()
            with lock:
                with lock:
                    pass

        def test_after():
            pass
        """,
        "--raddle",
    )
    done.assert_outcomes(passed=1, failed=1)
    text = done.stdout.str()
    assert "MainThread holds lock (test_app.py:5) and waits for it again" in text
    assert "DeadlockError" in text


UNCERTAIN = """
    import threading
    import time
    from concurrent.futures import ThreadPoolExecutor

    import raddle
    from raddle import _raddle

    def test_result():
        lock, begun = threading.Lock(), threading.Event()

        def task():
            begun.set()
            with lock:
                return "done"

        def release():
            # Once both have waited for longer than a ring outside of pytest is given.
            def lasted():
                waits, since = _raddle._waits(), time.monotonic() - {0}
                return {{"lock", "future"}} <= {{wait[1] for wait in waits if wait[4] < since}}

            while not lasted() and not raddle.deadlocks():
                time.sleep(0.01)
            lock.release()

        lock.acquire()
        helper = threading.Thread(target=release)
        helper.start()
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(task)
            begun.wait()
            assert asked.result() == "done"
        helper.join()
"""


def test_a_ring_that_is_not_certain_has_five_seconds_to_come_undone(suite):
    done = suite(UNCERTAIN.format(1.5), "--raddle")
    done.assert_outcomes(passed=1)


def test_a_ring_that_is_not_certain_fails_the_test_after_that(suite):
    done = suite(UNCERTAIN.format(3600), "--raddle")
    done.assert_outcomes(failed=1)
    assert "raddle: possible deadlock: 2 threads wait for each other" in done.stdout.str()


def test_a_deadlock_between_threads_fails_the_test_that_it_happened_in(suite):
    done = suite(
        """
        import threading

        tree, index = threading.RLock(), threading.RLock()

        def test_before():
            pass

        def test_crossed():
            ready = threading.Barrier(2)

            def work(first, second):
                with first:
                    ready.wait()
                    with second:
                        pass

            one = threading.Thread(target=work, args=(tree, index), name="one")
            two = threading.Thread(target=work, args=(index, tree), name="two")
            one.start(), two.start()
            one.join(), two.join()

        def test_after():
            pass
        """,
        "--raddle",
        "-W",
        "ignore",
    )
    done.assert_outcomes(passed=2, failed=1)
    text = done.stdout.str()
    assert "FAILED test_app.py::test_crossed" in text
    assert (
        "one holds tree (test_app.py:12) and waits for index, held by two, "
        "which waits for tree." in text
    )


def test_waiting_for_what_nobody_can_do_fails(suite):
    done = suite(
        """
        import queue

        def test_empty():
            queue.Queue().get()
        """,
        "--raddle",
    )
    done.assert_outcomes(failed=1)
    assert "MainThread waits for an item in" in done.stdout.str()


CROSSED = """
    import threading

    tree = threading.Lock()
    index = threading.Lock()

    def test_one_order():
        with tree, index:
            pass

    def test_the_other():
        with index, tree:
            pass

    def test_after():
        with tree, index:
            pass
"""


def test_a_lock_order_that_contradicts_fails_the_test_that_showed_it(suite):
    done = suite(CROSSED, "--raddle")
    done.assert_outcomes(passed=2, failed=1)
    text = done.stdout.str()
    assert "FAILED test_app.py::test_the_other" in text
    assert "raddle: lock order: index and tree are taken in different orders" in text
    assert "test_app.py:7" in text and "test_app.py:11" in text


def test_the_orders_of_locks_can_be_left_alone(suite):
    suite(CROSSED, "--raddle", "--raddle-no-order").assert_outcomes(passed=3)


def test_known_orders_are_an_ini_option(suite, pytester):
    pytester.makeini("[pytest]\nraddle_known_orders =\n    nothing\n    test_app.py:4\n")
    suite(CROSSED, "--raddle").assert_outcomes(passed=3)
    pytester.makeini("[pytest]\nraddle_known_orders =\n    nothing\n")
    suite(CROSSED, "--raddle").assert_outcomes(passed=2, failed=1)


EXPECTED = """
    import pytest, raddle, threading

    {mark}
    def test_twice():
        lock = threading.Lock()
        with lock, {catch}:
            with lock:
                pass

    {mark}
    def test_elsewhere():
        lock = threading.Lock()
        def twice():
            with lock, lock:
                pass
        thread = threading.Thread(target=twice)
        thread.start()
        thread.join()

    {mark}
    def test_orders():
        tree = threading.Lock()
        index = threading.Lock()
        with tree, index:
            pass
        with index, tree:
            pass
"""


@pytest.mark.parametrize(
    ("mark", "catch", "outcomes"),
    [
        ("", "threading.RLock()", {"failed": 3}),
        ("", "pytest.raises(raddle.DeadlockError)", {"failed": 3}),
        ("@pytest.mark.xfail(strict=True)", "threading.RLock()", {"xfailed": 3}),
        (
            "@pytest.mark.xfail(raises=raddle.DeadlockError)",
            "threading.RLock()",
            {"xfailed": 2, "failed": 1},
        ),
        (
            "@pytest.mark.raddle_expected",
            "pytest.raises(raddle.DeadlockError)",
            {"passed": 3},
        ),
    ],
)
def test_what_is_expected_can_be_said(suite, mark, catch, outcomes):
    done = suite(
        EXPECTED.format(mark=mark, catch=catch),
        "--raddle",
        "--strict-markers",
        "-W",
        "ignore",
    )
    done.assert_outcomes(**outcomes)
