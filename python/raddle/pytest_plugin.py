"""`pytest --raddle`: the tests run on raddle, and one that hangs fails with a report.

Without the option nothing is imported and nothing changes. With it, raddle is installed before
the first conftest.py is loaded, and a deadlock raises DeadlockError in the thread that closed
it, which fails the test that it happened in, whichever thread that was. So do locks that are
taken in orders that contradict each other, and a thread that was started while a test ran and
outlives it: it would go on into the next test. With `--raddle-race`, which implies it, so do
values that threads access in no order.
"""

import argparse
import math
import operator
import os

import pytest

GRACE = 1.0  # seconds in which a test's threads may end after it, if nothing else is said
LOOK = 0.02  # seconds between two looks at them
DOUBT = 5.0  # seconds that a ring lasts that is not certain before it fails a test
_MARKS = (
    "raddle_expected: with --raddle, this test's deadlocks, lock orders and races are no "
    "failures",
    "raddle_known_threads(*patterns): with --raddle, threads with such a name, or from such a "
    "module, may outlive this test; without a pattern, any may",
    "raddle_explore(runs=200, seconds=None, strategy='mix'): with --raddle, this test is run "
    "under so many schedules of its threads",
)


def pytest_addoption(parser):
    """Add --raddle, and the options and settings of it."""
    group = parser.getgroup("raddle")
    group.addoption(
        "--raddle",
        action="store_true",
        help="run the tests on raddle: deadlocks, lock orders that contradict each other and "
        "threads that outlive a test are failures",
    )
    group.addoption(
        "--raddle-race",
        action="store_const",
        const="1",
        help="the same, and values that threads access in no order (races) are failures too, "
        "from Python 3.12 on",
    )
    group.addoption(
        "--raddle-race-in",
        dest="raddle_race",
        metavar="PACKAGES",
        help="the same, in installed packages too: names with commas between them, and "
        '"strict" for each two accesses that are not ordered',
    )
    group.addoption(
        "--raddle-explore",
        action="store_const",
        const="200",
        help="run each test that starts threads under 200 schedules of theirs",
    )
    group.addoption(
        "--raddle-explore-for",
        dest="raddle_explore",
        metavar="RUNS",
        help="the same, under so many schedules (1000), or for so many seconds a test (10s)",
    )
    group.addoption(
        "--raddle-replay",
        metavar="TOKEN",
        help="run each test under the schedule that --raddle-explore has told",
    )
    group.addoption(
        "--raddle-virtual-time",
        action="store_true",
        help="run each test with a clock that jumps when all of its threads wait",
    )
    group.addoption(
        "--raddle-no-leaks",
        action="store_true",
        help="with --raddle: threads may outlive the test that started them",
    )
    group.addoption(
        "--raddle-no-order",
        action="store_true",
        help="with --raddle: locks may be taken in any order",
    )
    group.addoption(
        "--raddle-grace",
        type=_seconds,
        metavar="SECONDS",
        help=f"with --raddle: how long a test's threads may outlive it ({GRACE:g} by default)",
    )
    parser.addini("raddle_grace", "the same as --raddle-grace, in seconds", default="")
    parser.addini(
        "raddle_known_orders",
        "names of locks, or places (bank.py:12), whose orders are known to be fine",
        type="linelist",
    )
    parser.addini(
        "raddle_known_races",
        "names of values (Account.balance), or places (bank.py:12), whose races are fine",
        type="linelist",
    )
    parser.addini(
        "raddle_known_threads",
        "names of threads (heartbeat-*), or modules that they come from (app.cache), that may "
        "outlive a test",
        type="linelist",
    )


def _seconds(text):
    """Return a text as seconds; raise what argparse shows as a wrong use."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise argparse.ArgumentTypeError(f"a number of seconds, 0 or more, not {text!r}")
    return seconds


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config):
    """Install raddle before the program's own modules are imported."""
    options = early_config.known_args_namespace
    if options.raddle_race is not None or _wants_schedules(options):
        options.raddle = True
    if options.raddle:
        import raddle
        from raddle import _raddle
        from raddle._diagnose.report import woken_by_signal
        from raddle._pytest import runner

        table = _table(early_config)
        raddle.install()
        if _wants_schedules(options):
            from raddle._explore import points

            points.keep_clocks()
        orders = not options.raddle_no_order and _wants_orders(table)
        raddle.configure(on_deadlock="raise", lock_order=orders)
        if "known-orders" in table and not os.environ.get("RADDLE_KNOWN_ORDERS"):
            raddle.configure(known_orders=table["known-orders"])
        if table.get("dump") and not os.environ.get("RADDLE_DUMP"):
            raddle.configure(dump=True)
        _look_for_races(options.raddle_race, table)
        _raddle._doubt_for(DOUBT)
        woken_by_signal.ENDING.add("pytest_timeout")
        unseen = _Unseen(early_config, runner.Harness())
        early_config.pluginmanager.register(unseen, "raddle-unseen")


def pytest_configure(config):
    """Watch the tests, if asked for."""
    for each in _MARKS:
        config.addinivalue_line("markers", each)
    if config.getoption("raddle_race") is not None or _wants_schedules(config.option):
        config.option.raddle = True
    if config.getoption("raddle"):
        import raddle
        from raddle._explore import plugin

        config.pluginmanager.register(plugin.Schedules(config), "raddle-schedules")
        races = config.getini("raddle_known_races")
        if races:
            raddle.configure(known_races=races)
        orders = config.getini("raddle_known_orders")
        if orders:
            raddle.configure(known_orders=orders)
        unseen, leaks = config.pluginmanager.get_plugin("raddle-unseen"), None
        if not config.getoption("raddle_no_leaks"):
            table = _table(config)
            known = config.getini("raddle_known_threads") or table.get("known-threads", [])
            leaks = _Leaks(_grace(config, table.get("grace", GRACE)), known)
            config.pluginmanager.register(leaks, "raddle-leaks")
        config.pluginmanager.register(_Watch(unseen, leaks), "raddle-watch")


def pytest_report_header(config):
    """Say that raddle is at work."""
    if config.getoption("raddle"):
        from raddle import __version__
        from raddle._diagnose.race import watch

        what = "deadlocks and races" if watch.is_on() else "deadlocks"
        return f"raddle: {__version__}, {what} are failures"
    return None


def _wants_schedules(options):
    return (
        options.raddle_explore is not None
        or options.raddle_replay is not None
        or options.raddle_virtual_time
    )


def _table(config):
    """Return the settings of [tool.raddle] in the nearest pyproject.toml, from the root on."""
    from raddle._cli import pyproject

    try:
        return pyproject.read(str(config.rootpath))
    except pyproject.SettingsError as error:
        raise pytest.UsageError(str(error)) from None


def _wants_orders(table):
    """Return whether orders of locks are checked, if no option says that they are not."""
    word = os.environ.get("RADDLE_LOCK_ORDER")
    return word == "1" if word else table.get("lock-order", True)


def _look_for_races(option, table):
    """Look for races, if the option, the environment or the table says so."""
    import raddle

    said = {
        "--raddle-race": option,
        "RADDLE_RACE": os.environ.get("RADDLE_RACE"),
        "[tool.raddle] race": table.race(),
    }
    source, word = next((each for each in said.items() if each[1]), ("", "0"))
    if "known-races" in table and not os.environ.get("RADDLE_KNOWN_RACES"):
        raddle.configure(known_races=table["known-races"])
    if word.lower() in ("0", "false", "no", "off"):
        return
    try:
        raddle.configure(race=word)
    except (RuntimeError, ValueError) as error:
        raise pytest.UsageError(f"{source}: {error}") from None


def _grace(config, default):
    given = config.getoption("raddle_grace")
    text = str(config.getini("raddle_grace") or "")
    if given is not None or not text:
        return default if given is None else given
    try:
        return _seconds(text)
    except argparse.ArgumentTypeError as error:
        raise pytest.UsageError(f"raddle_grace is {error}") from None


class _Watch:
    """Looks, after each test, for the deadlocks and lock orders that it brought about.

    It has the hooks of `unseen` and `leaks` that are called several times for each test: one
    wrapper costs less than three.
    """

    def __init__(self, unseen, leaks):
        self._unseen, self._leaks = unseen, leaks
        self._told = []  # the reports of earlier tests

    # (Of the older kind of wrappers, which every pytest knows: this module is loaded wherever
    # raddle is installed.)
    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item):
        from raddle._diagnose.race import watch

        if watch.is_on():
            from raddle._diagnose.race import told

            told.tell_again()  # Of the same lines, too: it is another test's race.
        yield

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item):
        if self._leaks is not None:
            self._leaks.begin()
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
        if call.when == "setup" and self._unseen is not None:
            self._unseen.look(result)
        if call.when == "teardown" and self._leaks is not None:
            self._leaks.look(item, result)

    def _new(self):
        import raddle

        told = [*raddle.deadlocks(), *raddle.inversions(), *raddle.races()]
        before, self._told = self._told, told
        if len(told) == len(before) and all(map(operator.is_, told, before)):
            return []
        known = set(map(id, before))
        return [each for each in told if id(each) not in known]


class _Leaks:
    """Looks, after each test, for the threads that it left behind."""

    def __init__(self, grace, patterns):
        self._grace = grace
        self._patterns = patterns
        self._before = None  # the threads that were there before the test's own code ran

    def pytest_collection_modifyitems(self, items):
        for item in items:
            for mark in item.iter_markers("raddle_known_threads"):
                if mark.kwargs or not all(isinstance(each, str) for each in mark.args):
                    given = ", ".join(map(repr, [*mark.args, *mark.kwargs.values()]))
                    raise pytest.UsageError(
                        f"{item.nodeid}: the mark raddle_known_threads takes names of threads "
                        f"or of modules, not {given}"
                    )

    def begin(self):
        """Note the threads that are there."""
        # (A fixture may start a thread for more than one test.)
        self._before = _threads()

    def look(self, item, result):
        """Make the report of a test a failure if it has left threads behind."""
        if self._before is not None:
            patterns = list(self._patterns)
            for mark in item.iter_markers("raddle_known_threads"):
                patterns += mark.args or ["*"]
            leaked = _outliving(self._before, self._grace, patterns)
            self._before = None
            if leaked:
                _fail(result, _describe(leaked))


class _Unseen:
    """Warns once if other threads than the tests' make it unknown whether all threads sleep."""

    def __init__(self, config, harness):
        self._config = config
        self._harness = harness
        self._is_said = False

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item):
        self._harness.look()
        self._harness.testing(True)
        yield
        self._harness.testing(False)

    def pytest_runtest_logstart(self):
        timeout = _watchdog(self._config)
        if timeout > 0:
            self._harness.look_for_watchdog(timeout)

    def look(self, result):
        """Have a report say why it would not be seen that all threads sleep, if so."""
        why = self._harness.unseen()
        if why is not None:
            result.raddle_unseen = why  # The report may be another process's to show.

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report):
        why = getattr(report, "raddle_unseen", None)
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if why is not None and terminal is not None and not self._is_said:
            self._is_said = True
            terminal.ensure_newline()
            terminal.write_line(why)


def _watchdog(config):
    """Return after how many seconds of a test faulthandler prints where it is; 0 for never."""
    if not config.pluginmanager.has_plugin("faulthandler"):
        return 0.0
    return float(config.getini("faulthandler_timeout") or 0.0)


def _failure(found):
    """Return an exception that pytest shows as the reports' text; a DeadlockError for one."""
    from raddle._diagnose import deadlock
    from raddle._diagnose.report import report

    class Deadlocked(pytest.fail.Exception, deadlock.DeadlockError):
        """A test's deadlock, in whichever thread it was."""

        def __init__(self, found, text):
            pytest.fail.Exception.__init__(self, text, pytrace=False)
            self.report = found

        __str__ = __repr__ = pytest.fail.Exception.__str__

    text = "\n".join(each.text for each in found)
    deadlocks = [each for each in found if isinstance(each, report.Report)]
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


def _outliving(before, grace, patterns):
    """Return the threads that were not there before and do not end, or rest, within the grace.

    Those that are known, by a pattern or as a library's, are none of them.
    """
    import threading
    import time

    from raddle._pytest import known_threads

    limit = time.monotonic() + grace
    while True:
        # (One that ends may have started another.)
        left = _going_on(
            each
            for each in _threads()
            if not any(each is old for old in before)
            and not isinstance(each, threading._DummyThread)
            and not known_threads.matches(each, patterns)
            and not known_threads.is_lasting(each)
        )
        remaining = limit - time.monotonic()
        if not left or remaining <= 0:
            return left
        # (What a class of the program makes of join() is its own.)
        threading.Thread.join(left[0], min(remaining, LOOK))


def _going_on(threads):
    """Return those of the threads that are alive and no pool's with nothing to do."""
    import threading

    from raddle import _raddle
    from raddle._diagnose.program import stack
    from raddle._pytest import known_threads

    alive = [each for each in threads if threading.Thread.is_alive(each)]
    if not alive:
        return []
    waits = {ident: kind for ident, kind, *_ in _raddle._waits()}
    with stack.Stacks() as stacks:
        found = []
        for each in alive:
            seen = stacks.of(each.ident)
            frame = seen[0][0] if seen else None
            if not known_threads.is_idle(each, waits.get(each.ident), frame):
                found.append(each)
            frame = None
        return found


def _describe(threads):
    from raddle._diagnose.program import stack
    from raddle._diagnose.report import report
    from raddle._pytest import runner

    count = f"{len(threads)} thread{'s' * (len(threads) != 1)}"
    out = [f"raddle: {count} outlived the test that started it", ""]
    with stack.Stacks() as stacks:
        for each in sorted(threads, key=lambda thread: stack.order(thread.ident)):
            daemon = " (daemon)" if each.daemon else ""
            runs = runner.runs(each, stacks.of(each.ident))
            out.append(f"  {each.name}{daemon}, which runs {runs}, is at")
            out += report.drawn(stack.entries(stacks.of(each.ident)), report.painter(False))
    out += [
        "",
        "  Tell it to end and join it before the test returns. If it is there on purpose, name "
        "it in the ini option raddle_known_threads.",
        "",
    ]
    return "\n".join(out)
