"""`pytest --raddle` among other plugins: what sleeps for ever is found beside their threads."""

import pytest

harness = pytest.importorskip("raddle._pytest.runner")

pytest_plugins = "pytester"
pytestmark = pytest.mark.raddle_only

ASLEEP = "raddle: deadlock: MainThread waits, and no other thread is left to wake it"

EMPTY = """
    import queue

    import time

    {0}

    def test_before():
        pass

    def test_empty():
        bar()
        queue.Queue().get()
"""
SLOW = """
    import os
    import time

    if os.environ["PYTEST_XDIST_WORKER"] == "gw1":
        # The other worker has all tests, and waits without a timeout for what to do.
        time.sleep(2)

    bar = int
"""
BAR = """
    import tqdm

    def bar():
        # (It starts a thread that looks every ten seconds.)
        assert list(tqdm.tqdm([1, 2])) == [1, 2]
"""


def test_all_asleep_is_found_beside_the_threads_of_what_runs_the_tests(suite):
    pytest.importorskip("xdist")
    pytest.importorskip("pytest_timeout")
    # A receiver of messages, a timer, and a thread of faulthandler.
    options = ("-n2", "--timeout=100", "--timeout-method=thread", "-ofaulthandler_timeout=100")
    done = suite(EMPTY.format(SLOW), "--raddle", *options)
    done.assert_outcomes(passed=1, failed=1)
    text = done.stdout.str() + done.stderr.str()
    assert ASLEEP in text and "raddle: rings are found" not in text
    # To wait for a test is no hang.
    assert "INTERNALERROR" not in text and "crashed" not in text


def test_all_asleep_is_found_beside_a_bar_and_a_signal_that_ends_the_test(suite):
    pytest.importorskip("pytest_timeout")
    pytest.importorskip("tqdm")
    done = suite(EMPTY.format(BAR), "--raddle", "--timeout=100")
    done.assert_outcomes(passed=1, failed=1)
    assert ASLEEP in done.stdout.str()


BEATS = """
    import threading
    import time

    def beat():
        while True:
            time.sleep(0.05)

    def pytest_configure(config):
        threading.Thread(target=beat, name="heartbeat", daemon=True).start()
"""


@pytest.mark.parametrize("options", [(), ("-n2",)])
def test_what_keeps_it_from_being_found_is_told_once(options, suite, pytester):
    if options:
        pytest.importorskip("xdist")
    pytester.makeconftest(BEATS)
    source = "import pytest\n@pytest.mark.parametrize('n', range(4))\ndef test_it(n): pass"
    done = suite(source, "--raddle", *options)
    done.assert_outcomes(passed=4)
    line = (
        "raddle: rings are found, but not that all threads sleep: some might wake one: "
        "heartbeat, which runs beat (conftest.py:4)"
    )
    assert done.stdout.str().count("raddle: rings are found") == 1
    assert line in done.outlines


def test_what_a_test_starts_does_not_count_as_that(suite):
    done = suite(
        """
        import pytest, threading, time

        @pytest.fixture
        def beats():
            go = threading.Event()

            def beat():
                while not go.wait(0.01):
                    pass

            thread = threading.Thread(target=beat)
            thread.start()
            yield
            go.set()
            thread.join()

        @pytest.mark.parametrize("n", range(3))
        def test_it(beats, n):
            pass
        """,
        "--raddle",
    )
    done.assert_outcomes(passed=3)
    assert "raddle: rings are found" not in done.stdout.str()


def test_what_waits_for_a_message_may_be_woken_by_the_receiver(child):
    # (In a process of its own: xdist, if it runs these tests, has such a thread in this one.)
    code = """
        import os, time
        from raddle._pytest import runner
        names, go = {}, threading.Event()
        code = "def receive(go):\\n    go.wait()\\n"
        exec(compile(code, os.path.join("lib", "execnet", "gateway_base.py"), "exec"), names)
        print(runner._is_receiving((0, 0)))
        waits = threading.Thread(target=names["receive"], args=(go,))
        waits.start()
        while not runner._is_receiving((0, 0)):
            time.sleep(0.001)
        print(runner._is_receiving((waits.ident, waits.native_id)))
        go.set()
        waits.join()
        print(runner._is_receiving((0, 0)))
        """
    assert child(code).stdout.split() == ["False"] * 3


BYSTANDER = """
    import _thread, os, sys, time
    import raddle
    from raddle import _raddle

    raddle.configure(on_deadlock="raise")
    named = []
    _raddle._equip(
        bystanders=lambda: [(each.ident, each.native_id) for each in named]
    )

    def name(*threads):
        named[:] = threads

    def poll():
        while True:
            time.sleep(0.01)

    def found(wait):
        try:
            wait()
        except raddle.DeadlockError as error:
            return error.report.sentence
        return None

    def outlast():
        "Return once the main thread has waited for so long that it has looked."
        main, limit = threading.main_thread().ident, time.monotonic() + 60
        while time.monotonic() < limit:
            for ident, _, _, _, since, timed in _raddle._waits():
                if ident == main and not timed and time.monotonic() - since > 1.5:
                    return
            time.sleep(0.01)
        sys.exit("the main thread does not wait")
"""


def test_a_thread_that_wakes_no_other_is_not_counted(child):
    done = child(
        BYSTANDER
        + """
    polls = threading.Thread(target=poll, daemon=True)
    sleeps = threading.Thread(target=threading.Event().wait, daemon=True, name="sleeps")
    ended = threading.Thread(target=int)
    for each in (polls, sleeps, ended):
        each.start()
    ended.join()
    event = threading.Event()
    name(polls, sleeps, ended)
    print(found(event.wait))
    """
    )
    assert done.stdout.startswith("MainThread waits for event to be set; sleeps waits for ")


def test_but_it_is_if_it_has_what_is_waited_for(child):
    done = child(
        BYSTANDER
        + """
    lock = threading.Lock()
    held = threading.Event()

    def hold():
        with lock:
            held.set()
            outlast()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    name(holder)
    print(found(lock.acquire))
    print(found(holder.join))
    """
    )
    assert done.stdout == "None\nNone\n"


def test_nor_is_another_taken_for_it_that_has_its_number(child):
    done = child(
        BYSTANDER
        + """
    event = threading.Event()

    def work():
        outlast()
        event.set()

    class Wrong:
        "An ident and a native id of two threads."
        ident = threading.get_ident() + 1
        native_id = 0

    class Gone:
        ident = threading.get_ident() + 1
        native_id = 2**31 - 1

    worker = threading.Thread(target=work)
    worker.start()
    name(Wrong, Gone)
    print(found(event.wait))
    """
    )
    assert done.stdout == "None\n"
