"""A thread that fails before it has begun, or ends in its own way, leaves nothing behind."""

import sys
import textwrap

import pytest

pytestmark = pytest.mark.raddle_only

# Ways in which a thread fails from its creation to its end: a class's body, what is told.
BROKEN = {
    "bootstrap": ("def _bootstrap(self): raise MemoryError", "MemoryError"),
    "bootstrap_inner": ("def _bootstrap_inner(self): raise MemoryError", "MemoryError"),
    "bootstrap_exit": ("def _bootstrap(self): raise SystemExit", None),
    "bootstrap_empty": ("def _bootstrap(self): pass", None),
    "bootstrap_inner_empty": ("def _bootstrap_inner(self): pass", None),
    "bootstrap_static": ("_bootstrap = staticmethod(lambda: 1 / 0)", "ZeroDivisionError"),
    "set_ident": ("def _set_ident(self): raise MemoryError", "MemoryError"),
    "set_native_id": ("def _set_native_id(self): raise OSError", "OSError"),
    "delete": ("def _delete(self): raise MemoryError", "MemoryError"),
    "run": ("def run(self): raise MemoryError", "MemoryError"),
    "excepthook": (
        "def run(self): self._invoke_excepthook = None; raise MemoryError",
        "TypeError",
    ),
}

CHECK = """
import gc, sys
reports = []
sys.unraisablehook = lambda facts: reports.append(facts.exc_type.__name__)
threading.excepthook = lambda facts: reports.append(facts.exc_type.__name__)

def ends(thread):
    thread.join(60)
    assert not thread.is_alive(), "alive"
    assert thread not in threading.enumerate(), "enumerated"
    assert not threading._limbo and len(threading._active) == threading.active_count() == 1
    thread.join()
    try:
        thread.start()
    except RuntimeError as error:
        assert "threads can only be started once" in str(error)
    else:
        raise AssertionError("started twice")
"""


@pytest.fixture
def checked(child):
    """Run code that may call ends(thread); return what it prints."""
    return lambda code: child(CHECK + textwrap.dedent(code)).stdout


@pytest.mark.parametrize("daemon", [False, True])
@pytest.mark.parametrize("how", BROKEN)
def test_a_thread_that_fails_anywhere_ends_for_all(checked, how, daemon):
    body, told = BROKEN[how]
    out = checked(f"""
    class Broken(threading.Thread):
        {body}
    thread = Broken(daemon={daemon}, target=int)
    thread.start()
    ends(thread)
    print(*reports)
    """)
    assert out.split() == ([told] if told else [])


@pytest.mark.parametrize("kind", ["trace", "profile"])
def test_a_trace_function_that_fails_at_any_event_ends_its_thread_only(checked, kind):
    out = checked(f"""
    number, seen = 0, 0
    def failing(frame, event, argument):
        global seen
        if threading.get_ident() != main:
            seen += 1
            if seen == number:
                raise MemoryError
        return failing
    main = threading.get_ident()
    threading.set{kind}(failing)
    while seen >= number:
        number, seen, ran = number + 1, 0, []
        thread = threading.Thread(target=ran.append, args=(1,))
        reports.clear()
        thread.start()
        ends(thread)
        assert seen < number or reports == ["MemoryError"], (number, seen, reports)
    print(number > 3, ran)
    """)
    assert out == "True [1]\n"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is for 3.12 and later")
def test_a_monitor_that_fails_at_every_function_ends_each_thread(checked):
    out = checked("""
    main = threading.get_ident()
    def failing(code, offset):
        if threading.get_ident() != main:
            raise MemoryError
    events = sys.monitoring.events
    sys.monitoring.use_tool_id(4, "failing")
    sys.monitoring.register_callback(4, events.PY_START, failing)
    sys.monitoring.set_events(4, events.PY_START)
    sys.unraisablehook = reports.append  # no Python function
    threads = [threading.Thread(target=int) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    ends(threads[0])
    print(len(reports), {facts.exc_type.__name__ for facts in reports})
    """)
    assert out == "3 {'MemoryError'}\n"


def test_a_wrapper_that_loses_the_thread_does_not_keep_it(checked):
    out = checked("""
    class Wrapped:
        def __call__(self): print("instead")
    thread = threading.Thread(target=int)
    thread._bootstrap = Wrapped()
    thread.start()
    ends(thread)
    """)
    assert out == "instead\n"


def test_a_thread_with_a_failing_hash_ends(checked):
    out = checked("""
    class Odd(threading.Thread):
        def _bootstrap(self): self.broken = True
        def __hash__(self):
            if vars(self).get("broken"):
                raise MemoryError
            return 1
    thread = Odd(target=int)
    thread.start()
    thread.join(60)
    print(thread.is_alive())
    """)
    assert out == "False\n"


# Fails the n-th allocation of all threads, whatever it is for, until none is left that fails.
NO_MEMORY = """
import _testcapi
def attempt(number):
    thread = threading.Thread(target=done.append, args=(number,), daemon=number % 2)
    _testcapi.set_nomemory(number, number + 1)
    started = False
    try:
        thread.start()
        started = True
        thread.join(60)
    except (MemoryError, RuntimeError):
        pass  # in start(), or in join(), which can be called again
    finally:
        _testcapi.remove_mem_hooks()
    return thread, started

done, failures, quiet, number = [], 0, 0, 0
attempt(1_000_000)
done.clear()
while quiet < 20:
    thread, started = attempt(number)
    if started:
        ends(thread)
        assert done == [number] or reports, number
    else:
        assert not thread.is_alive() and thread not in threading.enumerate(), number
        assert not threading._limbo and not done, number
    failures += done != [number]
    quiet = quiet + 1 if done == [number] and not reports else 0
    done.clear(); reports.clear()
    number += 1
    del thread
gc.collect()
print(failures > 3, threading.active_count(), len(threading._dangling))
"""


def test_memory_that_runs_out_at_any_moment_of_a_start_leaves_nothing(checked):
    pytest.importorskip("_testcapi", reason="this interpreter cannot run out of memory at will")
    assert checked(NO_MEMORY) == "True 1 1\n"


@pytest.mark.parametrize("started", [True, False], ids=["another", "the_first"])
@pytest.mark.parametrize(
    "replace",
    [
        "mock.patch('builtins.__import__', side_effect=ImportError('replaced'))",
        "mock.patch.dict(sys.modules, clear=True)",
    ],
    ids=["__import__", "sys.modules"],
)
def test_start_does_without_imports_where_a_program_has_replaced_them(child, replace, started):
    code = f"""
        import sys
        from unittest import mock
        def run(name):
            thread = threading.Thread(target=print, args=(name,))
            thread.start()
            thread.join()
        if {started}:
            run("one")
        with {replace}:
            run("two")
        run("three")
        """
    names = ["one", "two", "three"]
    assert child(code).stdout.split() == (names if started else names[1:])
