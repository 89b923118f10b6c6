"""`pytest --raddle-explore`: each test again and again, each time under another schedule.

A test is set up, called and torn down for each schedule; only the call takes turns. A test that
starts no threads is run once, since it has one schedule.
"""

import contextlib
import functools
import unittest

import pytest
from _pytest.compat import is_async_function
from _pytest.runner import runtestprotocol
from _pytest.unittest import TestCaseFunction

from raddle._explore import points, races, search, token
from raddle._explore.run import Outcome, Run

RUNS = 200


def _budget(text):
    """Return the (runs, seconds) of the option's text."""
    try:
        if text.endswith("s"):
            runs, seconds = 1_000_000_000, float(text[:-1])
        else:
            runs, seconds = int(text), None
    except ValueError:
        runs = seconds = 0
    if runs < 1 or (seconds is not None and not 0 < seconds < float("inf")):
        raise pytest.UsageError(
            f"--raddle-explore-for is a number of schedules, or seconds (10s), not {text!r}"
        )
    return runs, seconds


def _schedule(text):
    """Return the (choices, places) of the option's token."""
    try:
        return token.decode(text)
    except ValueError as error:
        raise pytest.UsageError(f"--raddle-replay: {error}") from None


class Schedules:
    """Runs tests under schedules."""

    def __init__(self, config):
        given = config.getoption("raddle_explore")
        self._budget = None if given is None else _budget(given)
        given = config.getoption("raddle_replay")
        self._choices, self._places = (None, ()) if given is None else _schedule(given)
        alone = self._choices is None and self._budget is None
        if alone and config.getoption("raddle_virtual_time"):
            self._choices = []  # The schedule with the fewest switches.
        self._turn = None  # (schedules, tell) of the test's next call
        self._tests = self._runs = self._outside = 0  # that had more than one schedule
        self._said = []  # lines of the summary
        self._outcome = None

    def pytest_collection_modifyitems(self, items):
        for item in items:
            for mark in item.iter_markers("raddle_explore"):
                _settings(item, mark, (RUNS, None))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item, nextitem):
        mark = item.get_closest_marker("raddle_explore")
        if not isinstance(item, pytest.Function) or not (
            mark or self._budget or self._choices is not None
        ):
            return None
        begun, last, verdicts = False, None, ()
        first = beside = None  # The first reports of a failure; and of one beside the call.
        runs, outside = 0, False

        def attempt(schedules, tell):
            nonlocal begun, last, first, beside, runs, outside
            if begun:
                item._initrequest()  # As for a test that is run again.
            begun, self._outcome = True, None
            self._turn = schedules, tell
            try:
                last = runtestprotocol(item, log=False, nextitem=nextitem)
            finally:
                self._turn = None
            made = self._outcome
            runs += bool(made and made.choices)
            outside |= bool(made and made.outside)
            if made is not None and made.error is not None:
                first = first or last
            elif beside is None and any(report.failed for report in last):
                beside = last
            # (Without one the test was not called.)
            return self._outcome or Outcome(None, ([], 0, 0, False, 0, False, False), None)

        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reuses = self._choices is None and not races.are_looked_for()
        with points.replaced(reuses), races.turning(self._places):
            if self._choices is not None:
                outcome = search.again(attempt, self._choices, True)
                if outcome.error is not None:
                    search.note(outcome, outcome.choices)
            else:
                settings = _settings(item, mark, self._budget or (RUNS, None))
                looking = search.Search(*settings, seed=0)
                count, _, outcome = looking.look(attempt)
                verdicts = looking.verdicts
                if outcome is not None:
                    outcome = search.tell(attempt, outcome, count, looking.seed)
        self._count(item, runs, outside, outcome)
        if outcome is None or outcome.error is None:
            last = beside or last
        elif not any(report.failed for report in last):
            last = first  # It has not come again.
        for report in last:
            # (A test without threads has one schedule: there is nothing to tell.)
            tells = outcome is not None and outcome.error is not None
            if report.when == "call" and tells and (outcome.choices or outcome.report):
                told, _, again = outcome.error.__notes__[-1].rpartition("Again: ")
                word = again.split("'")[1]
                told += f"Again: pytest --raddle-replay={word} {item.nodeid!r}"
                report.sections.append(("raddle", told))
            if report.failed and verdicts:
                report.sections.append(("raddle", "\n".join(map(str, verdicts))))
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _count(self, item, runs, outside, outcome):
        """Count a test for the summary."""
        if self._choices is not None:
            if outcome.error is None and self._choices:
                stale = len(outcome.choices) < len(self._choices)
                why = search.STALE if stale else "it passes under this schedule"
                self._said.append(f"raddle: {item.nodeid}: {why}")
        elif runs:
            self._tests, self._runs = self._tests + 1, self._runs + runs
            self._outside += outside

    def pytest_terminal_summary(self, terminalreporter):
        if self._tests:
            what = f"{self._tests} tests with threads ran under {self._runs} schedules"
            best = f"; {self._outside} of them best effort" if self._outside else ""
            self._said.append(f"raddle: {what}{best}")
        for line in self._said:
            terminalreporter.write_line(line)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item):
        # (unittest calls a method of its TestCase itself.)
        if self._turn is None or not isinstance(item, TestCaseFunction):
            yield
            return
        method = item.obj
        if not is_async_function(method):
            item.obj = self._explored(method)
            # A part that fails is to end the run, as it is told once.
            item.instance.subTest = _part
        yield
        item.obj = method

    def _explored(self, method):
        """Return what calls a test's method under the next schedule."""
        schedules, tell = self._turn

        @functools.wraps(method)
        def explored():
            made = Run(schedules, tell)
            try:
                with made:
                    method()
            except unittest.SkipTest:
                raise
            except Exception:
                self._outcome = made.outcome
                raise
            self._outcome = made.outcome
            if made.outcome.error is not None:
                raise made.outcome.error

        return explored

    @pytest.hookimpl(hookwrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem):
        if self._turn is None:
            yield
            return
        schedules, tell = self._turn
        made = Run(schedules, tell)
        made.__enter__()
        outcome = yield
        error = outcome.excinfo[1] if outcome.excinfo else None
        made.__exit__(type(error), error, None)
        if isinstance(error, (pytest.skip.Exception, pytest.xfail.Exception)):
            return  # No failure: the test is over.
        self._outcome = made.outcome
        if made.outcome.error is not None and made.outcome.error is not error:
            outcome.force_exception(made.outcome.error)


def _part(*_, **__):
    """A unittest.TestCase's subTest(), whose failure is the test's."""
    return contextlib.nullcontext()


def _settings(item, mark, budget):
    """Return a test's runs, seconds and strategy."""
    runs, seconds = budget
    given = dict(mark.kwargs) if mark else {}
    if mark and mark.args:
        raise pytest.UsageError(f"{item.nodeid}: the mark raddle_explore takes runs=, seconds=")
    if "seconds" in given:
        runs = 1_000_000_000
    found = given.pop("runs", runs), given.pop("seconds", seconds), given.pop("strategy", "mix")
    if given:
        raise pytest.UsageError(f"{item.nodeid}: the mark raddle_explore has no {min(given)!r}")
    try:
        search.check(*found)
    except ValueError as error:
        raise pytest.UsageError(f"{item.nodeid}: {error}") from None
    return found
