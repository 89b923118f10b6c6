"""`pytest --raddle`: the tests run on raddle, and one that hangs fails and says why.

Without the option nothing is imported and nothing changes. With it, raddle is installed before
the first conftest.py is loaded, and a deadlock raises DeadlockError in the thread that closed
it, which fails the test that it happened in, whichever thread that was. So do locks that are
taken in orders that contradict each other, and a thread that was started while a test ran and
outlives it: it would go on into the next test.
"""

import pytest

GRACE = 1.0  # seconds in which a test's threads may end after it
DOUBT = 5.0  # seconds that a ring lasts that is not certain before it fails a test


def pytest_addoption(parser):
    """Add --raddle."""
    group = parser.getgroup("raddle")
    group.addoption(
        "--raddle",
        action="store_true",
        help="run the tests on raddle: deadlocks, lock orders that contradict each other and "
        "threads that outlive a test are failures",
    )
    parser.addini(
        "raddle_known_orders",
        "names of locks, or places (bank.py:12), whose orders are known to be fine",
        type="linelist",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config):
    """Install raddle before the program's own modules are imported."""
    if early_config.known_args_namespace.raddle:
        import raddle
        from raddle import _raddle

        raddle.install()
        raddle.configure(on_deadlock="raise", lock_order=True)
        _raddle._doubt_for(DOUBT)


def pytest_configure(config):
    """Watch the tests, if asked for."""
    config.addinivalue_line(
        "markers",
        "raddle_expected: with --raddle, this test's deadlocks and lock orders are no failures",
    )
    if config.getoption("raddle"):
        import raddle

        known = config.getini("raddle_known_orders")
        if known:
            raddle.configure(known_orders=known)
        config.pluginmanager.register(_Watch(), "raddle-watch")


def pytest_report_header(config):
    """Say that raddle is at work."""
    if config.getoption("raddle"):
        from raddle import __version__

        return f"raddle: {__version__}, deadlocks are failures"
    return None


class _Watch:
    """Looks, after each test, for what it left behind."""

    def __init__(self):
        self._told = []  # the reports of earlier tests
        self._before = None  # the threads that were there before the test's own code ran

    # (Of the older kind of wrappers, which every pytest knows: this module is loaded wherever
    # raddle is installed.)
    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item):
        # (A fixture may start a thread for more than one test.)
        self._before = _threads()
        outcome = yield
        expected = item.get_closest_marker("raddle_expected") is not None
        # As the test's own exception, so that `xfail` sees it. (Old versions of pluggy cannot.)
        if expected or (outcome.excinfo is None and hasattr(outcome, "force_exception")):
            new = self._new()
            if new and not expected:
                outcome.force_exception(_failure(new))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        result = (yield).get_result()
        for each in self._new():
            _fail(result, each.text)
        if call.when == "teardown" and self._before is not None:
            leaked = _outliving(self._before)
            self._before = None
            if leaked:
                _fail(result, _describe(leaked))

    def _new(self):
        import raddle

        known, self._told = self._told, [*raddle.deadlocks(), *raddle.inversions()]
        return [each for each in self._told if not any(each is old for old in known)]


def _failure(found):
    """Return an exception that pytest shows as the reports' text; a DeadlockError for one."""
    from raddle import deadlock

    class Deadlocked(pytest.fail.Exception, deadlock.DeadlockError):
        """A test's deadlock, in whichever thread it was."""

        def __init__(self, report, text):
            pytest.fail.Exception.__init__(self, text, pytrace=False)
            self.report = report

        __str__ = __repr__ = pytest.fail.Exception.__str__

    text = "\n".join(each.text for each in found)
    deadlocks = [each for each in found if each.kind != "order"]
    if deadlocks:
        return Deadlocked(deadlocks[0], text)
    return pytest.fail.Exception(text, pytrace=False)


def _fail(result, text):
    """Make a phase of a test a failure, or add to one."""
    if result.outcome == "failed" or hasattr(result, "wasxfail"):
        result.sections.append(("raddle", text))
    else:
        result.outcome, result.longrepr = "failed", text


def _threads():
    import threading

    return list(threading.enumerate())


def _outliving(before):
    """Return the threads that were not there before and do not end within the grace."""
    import threading
    import time

    limit = time.monotonic() + GRACE
    left = []
    for each in _threads():
        old = any(each is known for known in before)
        if old or isinstance(each, threading._DummyThread):
            continue
        each.join(max(0.0, limit - time.monotonic()))
        if each.is_alive():
            left.append(each)
    return left


def _describe(threads):
    from raddle import report, stack

    count = f"{len(threads)} thread{'s' * (len(threads) != 1)}"
    out = [f"raddle: {count} outlived the test that started it", ""]
    with stack.Stacks() as stacks:
        for each in sorted(threads, key=lambda thread: stack.order(thread.ident)):
            daemon = " (daemon)" if each.daemon else ""
            target = stack.runs(each) or f"{type(each).__qualname__}.run"
            out.append(f"  {each.name}{daemon}, which runs {target}, is at")
            out += report.drawn(stack.entries(stacks.of(each.ident)), report.painter(False))
    out += ["", "  Tell it to end and join it before the test returns.", ""]
    return "\n".join(out)
