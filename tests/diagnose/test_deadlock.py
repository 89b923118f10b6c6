"""What a program can have done about its deadlocks."""

import contextlib
import json
import re
import textwrap
import time

import pytest

pytestmark = pytest.mark.raddle_only

RING = """
import raddle, sys

one, two = threading.RLock(), threading.RLock()
ready = threading.Barrier(2)

def work(first, second):
    with first:
        ready.wait()
        with second:
            pass

def hang():
    threads = [
        threading.Thread(target=work, args=pair, name=name, daemon=True)
        for name, pair in (("here", (one, two)), ("there", (two, one)))
    ]
    for thread in threads:
        thread.start()
    return threads
"""

# Waits until each of these threads has been in one wait for this many seconds: long enough for
# whatever looks at waits (each second) to have looked at it.
LASTED = """
import raddle, time

def lasted(seconds, *threads):
    idents = {thread.ident for thread in threads}
    def those():
        limit = time.monotonic() - seconds
        return {wait[0] for wait in raddle._raddle._waits() if wait[4] < limit}
    while not idents <= those():
        time.sleep(0.01)
"""


def dedent(code):
    return textwrap.dedent(code)


@pytest.mark.parametrize("action", ["ring", "", "REPORT", "raise "])
def test_an_unknown_word_is_refused(action):
    import raddle

    with pytest.raises(ValueError, match='"report", "raise", "ignore" or a callable'):
        raddle.configure(on_deadlock=action)


@pytest.mark.parametrize("action", [None, 5, True, b"raise", ["raise"]])
def test_what_is_no_word_and_no_callable_is_refused(action):
    import raddle

    with pytest.raises(TypeError, match='"report", "raise", "ignore" or a callable, not'):
        raddle.configure(on_deadlock=action)


@pytest.mark.parametrize("value", [None, 1, "yes"])
def test_lock_order_is_true_or_false(value):
    import raddle

    with pytest.raises(TypeError, match="lock_order is True or False"):
        raddle.configure(lock_order=value)
    raddle.configure(lock_order=False)


def test_a_refused_configure_changes_nothing(child):
    code = """
        raddle.configure(on_deadlock="ignore")
        for bad in (dict(lock_order="no"), dict(on_deadlock="what")):
            try:
                raddle.configure(**{"on_deadlock": "raise", **bad})
            except (TypeError, ValueError):
                pass
        from raddle._diagnose import deadlock
        print(deadlock._action)
    """
    assert child("import raddle\n" + dedent(code)).stdout == "ignore\n"


def test_a_ring_is_reported_once_and_stays(child):
    code = """
        import time
        threads = hang()
        while not raddle.deadlocks():
            time.sleep(0.01)
        assert all(thread.is_alive() for thread in threads)
        (report,) = raddle.deadlocks()
        print(report.sentence)
        assert report.text.count("RLock") == 2 and report.kind == "cycle" and report.certain
    """
    done = child(RING + dedent(code), check=False)
    assert done.returncode == 0
    # (Not every version keeps the source of -c, in which the place would be found.)
    told = r"here holds one( \(.*\))? and waits for two, held by there, which waits for one\.\n"
    assert re.fullmatch(told, done.stdout)
    assert done.stderr.count("raddle: deadlock: 2 threads wait for each other") == 1
    assert done.stderr.endswith("let the first go if that fails.\n")


def test_raise_ends_one_thread_and_lets_the_others_go_on(child):
    code = """
        failed = []
        threading.excepthook = lambda args: failed.append(args.exc_value)
        raddle.configure(on_deadlock="raise")
        for thread in hang():
            thread.join()
        (error,) = failed
        (report,) = raddle.deadlocks()
        assert type(error) is raddle.DeadlockError and error.report is report
        assert str(error) == report.text and isinstance(error, RuntimeError)
        print(report.sentence[:8], one.acquire(False), two.acquire(False))
    """
    assert child(RING + dedent(code)).stdout == "here hol True True\n"


def test_a_thread_that_would_wait_for_itself_can_catch_it(child):
    code = """
        import raddle
        raddle.configure(on_deadlock="raise")
        lock = threading.Lock()
        with lock:
            try:
                with lock: pass
            except raddle.DeadlockError as error:
                print(error.report.sentence.split(" (")[0])
        print(lock.locked())
    """
    done = child(code)
    assert done.stdout.startswith("MainThread holds lock") and done.stdout.endswith("False\n")


def test_a_callable_gets_the_report(child):
    code = """
        import queue
        told = queue.SimpleQueue()
        raddle.configure(on_deadlock=told.put)
        hang()
        report = told.get()
        print(report is raddle.deadlocks()[0], report.threads[0]["thread"])
    """
    assert child(RING + dedent(code)).stdout == "True here\n"


def test_what_a_callable_raises_is_raised_in_the_wait(child):
    code = """
        class Enough(BaseException):
            pass

        def refuse(report):
            raise Enough(report.kind)

        failed = []
        threading.excepthook = lambda args: failed.append(args.exc_value)
        raddle.configure(on_deadlock=refuse)
        for thread in hang():
            thread.join()
        print([repr(each) for each in failed])
    """
    assert child(RING + dedent(code)).stdout == "[\"Enough('cycle')\"]\n"


def test_ignore_looks_for_none(child):
    code = """
        raddle.configure(on_deadlock="ignore")
        threads = hang()
        lasted(2, *threads)
        print(raddle.deadlocks(), [thread.is_alive() for thread in threads])
    """
    assert child(RING + LASTED + dedent(code)).stdout == "[] [True, True]\n"


def test_reports_are_json_and_bounded(child):
    code = """
        import json, raddle
        from raddle._diagnose import deadlock
        raddle.configure(on_deadlock="raise")
        lock = threading.Lock()
        with lock:
            for _ in range(deadlock.KEPT + 20):
                try:
                    with lock: pass
                except raddle.DeadlockError:
                    pass
        reports = raddle.deadlocks()
        assert len(reports) == deadlock.KEPT, len(reports)
        print(json.dumps(reports[-1].to_dict()))
    """
    fields = json.loads(child(code).stdout)
    assert set(fields) == {
        *(
            "certain",
            "cure",
            "deaths",
            "kind",
            "process",
            "sentence",
            "threads",
            "time",
            "ways",
        ),
    }
    assert fields["threads"][0]["thread"] == "MainThread"
    assert {"file", "line", "function", "source"} == set(fields["threads"][0]["stack"][0])


def test_a_handler_of_the_program_keeps_sleepers_from_being_told(child):
    code = """
        import raddle, signal
        signal.signal(signal.SIGALRM, lambda *_: event.set())
        event = threading.Event()
        signal.setitimer(signal.ITIMER_REAL, 2.5)
        event.wait()
        print(raddle.deadlocks())
    """
    assert child(code).stdout == "[]\n"


def test_importing_raddle_loads_nothing_of_this(child):
    code = """
        import sys, raddle
        print([name for name in sys.modules if name.startswith("raddle.")])
    """
    assert child(code, prelude="").stdout == "[]\n"


@pytest.mark.parametrize("word", ["raise", "nonsense"])
def test_the_environment_says_what_to_do_until_the_program_does(child, word):
    code = """
        lock = threading.Lock()
        try:
            with lock:
                with lock: pass
        except RuntimeError as error:
            print(type(error).__name__)
        """
    if word == "raise":
        assert child(code, env={"RADDLE_ON_DEADLOCK": word}).stdout == "DeadlockError\n"
    else:
        code = """
            import io, sys
            sys.stderr = io.StringIO()
            import raddle._diagnose.deadlock
            print(raddle._diagnose.deadlock.action(), sys.stderr.getvalue())
            """
        said = child(code, env={"RADDLE_ON_DEADLOCK": word}).stdout
        why = "RADDLE_ON_DEADLOCK is one of report, raise, ignore, not 'nonsense'"
        assert said == f"report raddle: {why}: it is taken for report\n\n"


def test_a_ring_with_the_main_thread_in_it_is_reported_once(child):
    code = """
        import os, time
        here = threading.RLock()
        here.acquire()
        other = threading.RLock()

        def give_up():
            while not raddle.deadlocks():
                time.sleep(0.01)
            lasted(2, threading.main_thread())
            print(len(raddle.deadlocks()), flush=True)
            os._exit(0)

        def hold():
            with other:
                held.set()
                while not other._waiting():
                    pass
                here.acquire()

        held = threading.Event()
        threading.Thread(target=hold, daemon=True).start()
        held.wait()
        threading.Thread(target=give_up, daemon=True).start()
        other.acquire()
    """
    done = child(LASTED + dedent(code), check=False)
    assert (done.stdout, done.returncode) == ("1\n", 0)
    assert done.stderr.count("raddle: deadlock:") == 1


@pytest.mark.parametrize("kind", ["Lock", "RLock"])
def test_a_condition_that_cannot_take_its_lock_back_says_so_and_waits(child, kind):
    code = """
        import os
        raddle.configure(on_deadlock="raise")
        condition = threading.Condition(threading.%s())
        other = threading.RLock()

        def wait():
            with other, condition:
                waits.set()
                while True:
                    condition.wait(0.05)

        def close():
            while True:
                try:
                    with condition:
                        other.acquire()
                except raddle.DeadlockError:
                    pass  # The other was the first to sleep: it is the one to be told.

        def seen():
            spent = [time.clock_gettime(time.pthread_getcpuclockid(t.ident)) for t in threads]
            return spent, len(raddle.deadlocks())

        waits = threading.Event()
        threads = [threading.Thread(target=each, daemon=True) for each in (wait, close)]
        threads[0].start()
        waits.wait()
        threads[1].start()
        lasted(1, *threads)
        looks, last = 0, None
        while looks < 20:  # Until neither has run in a row of looks.
            time.sleep(0.01)
            looks, last = (looks + 1 if (now := seen()) == last else 0), now
        print(raddle.deadlocks() != [], [thread.is_alive() for thread in threads], flush=True)
        os._exit(0)
    """
    done = child(LASTED + dedent(code % kind), check=False)
    assert (done.stdout, done.returncode) == ("True [True, True]\n", 0)
    assert done.stderr.count("raddle: deadlock: 2 threads wait for each other") == 1


def test_a_callable_that_waits_for_the_ring_gets_the_error(child):
    code = """
        calls = []

        def tell(report):
            calls.append(report)
            with one, two:  # As a log handler's lock may be one of them.
                pass

        failed = []
        threading.excepthook = lambda args: failed.append(type(args.exc_value).__name__)
        raddle.configure(on_deadlock=tell)
        for thread in hang():
            thread.join()
        print(len(calls), failed)
    """
    assert child(RING + dedent(code)).stdout == "1 ['DeadlockError']\n"


def test_a_starved_pool_can_be_raised_and_then_goes_on(child):
    """The wait that closed it ends with the error, and the worker takes the call."""
    code = """
        import raddle
        from concurrent.futures import Future
        from raddle.futures import ThreadPoolExecutor
        raddle.configure(on_deadlock="raise")
        pool = ThreadPoolExecutor(1)
        inner = []
        def outer():
            inner.append(pool.submit(str.upper, "done"))
            return inner[0].result()
        error = pool.submit(outer).exception()
        print(type(error).__name__, error.report.kind, error.report.certain)
        print(error.report.threads[0]["pool"], inner[0].result())
    """
    assert child(code).stdout == "DeadlockError starved True\npool DONE\n"


WAITS = """
def within():
    {inner}

def without():
    lock.acquire()
    within()
    {outer}
"""
FINALLY = "lock.acquire()\n    try: pass\n    finally: lock.release()"
EXCEPT = "lock.acquire()\n    try: pass\n    except OSError: lock.release()"


@pytest.mark.parametrize(
    ("inner", "outer", "owned"),
    [
        ("with lock: pass", "lock.release()", True),
        (FINALLY, "lock.release()", True),
        ("if lock.acquire():\n        lock.release()", "lock.release()", True),
        ("with lock: pass", "if lock.locked(): lock.release()", False),
        ("with lock: pass", "lock.acquire(); lock.release()", False),  # It was given to it.
        ("lock.acquire()", "lock.release()", False),  # Another may give it to this one.
        ("with lock: pass", "pass", False),  # Nor does this one release what it has taken.
        (EXCEPT, "lock.release()", False),
        ("with other: pass", "other.release()", False),
    ],
)
def test_a_lock_is_a_mutex_where_the_source_says_so(tmp_path, inner, outer, owned):
    """`inner` waits for the lock, and `outer` follows, once it has been acquired."""
    from raddle import _raddle, threading
    from raddle._diagnose.program import mutex, stack

    file = tmp_path / "waits.py"
    file.write_text(WAITS.format(inner=inner, outer=outer))
    lock, other = threading.Lock(), threading.Lock()
    other.acquire()
    names = {"lock": lock, "other": other}
    exec(compile(file.read_text(), str(file), "exec"), names)

    def run():
        with contextlib.suppress(RuntimeError):  # It was released here before.
            names["without"]()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while not any(wait[0] == thread.ident for wait in _raddle._waits()):
        time.sleep(0.001)
    with stack.Stacks() as stacks:
        found = mutex.is_owned(stacks.of(thread.ident), lock)
    for each in (lock, other):
        each.release()
    thread.join()
    assert found is owned


def test_what_a_thread_dies_of_reaches_its_hook_whatever_its_names_are_in(child):
    """Names of a program's own make are not looked at: that would run its code."""
    code = """
        import queue

        class Names:
            def __init__(self):
                self.held = {}
            def __getitem__(self, name):
                return self.held[name]
            def __setitem__(self, name, value):
                self.held[name] = value

        def work():
            exec("len(q.get.__name__); raise ValueError('told')", {"q": queue.Queue()}, Names())

        threading.excepthook = lambda what: print(what.exc_type.__name__, what.exc_value)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    """
    assert child(code).stdout == "ValueError told\n"
