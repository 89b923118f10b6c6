"""One run of a function, under one schedule: what came of it."""

import contextlib
import os
import sys
import time
import traceback

import raddle
from raddle import _raddle, threading
from raddle._diagnose.deadlock import DeadlockError
from raddle._diagnose.report import deaths
from raddle._diagnose.report.report import Report
from raddle._explore import points

HOME = os.path.dirname(raddle.__file__) + os.sep
ENDLESS = "the threads go on for ever: it was given up after {} steps"
PATIENCE = 2  # seconds that threads have to end in, once nothing of raddle holds them


class Stuck(DeadlockError):
    """Raised in each thread of a run where all wait, and for no time."""

    ends_threads = True  # See the workers of executors.

    def __init__(self):
        super().__init__("every thread waits for another one, and none for a time to pass")


# (It is shown as what a program catches.)
Stuck.__name__ = Stuck.__qualname__ = DeadlockError.__name__
Stuck.__module__ = DeadlockError.__module__


_present = None  # the Run that goes on


def _stuck(tells):
    """Return what ends a wait where all threads are stuck; one of them `tells` of it first."""
    run = _present
    if tells and run is not None:
        run.describe()
    return Stuck()


class Outcome:
    """What came of a run: its error, or None, and the schedule that led to it."""

    def __init__(self, error, told, steps, report=None):
        self.error, self.steps, self.report = error, steps, report
        self.places = points.places
        self.choices, self.preemptions, self.count, *told = told
        self.stuck, self.left, self.outside, self.endless = told

    @property
    def signature(self):
        """What tells failures apart: the type of the error, and where it was raised."""
        if self.error is None:
            return None
        places = [
            (frame.f_code.co_filename, line)
            for frame, line in traceback.walk_tb(self.error.__traceback__)
        ]
        theirs = [each for each in places if not each[0].startswith(HOME)]
        return type(self.error), (theirs or places or [None])[-1]


class Run:
    """A `with` block that is run under the present one of some schedules; then `outcome` is
    there.

    Its error is what the block raises, which goes on, or else the first one that a thread of
    its own has ended with.
    """

    def __init__(self, schedules, tell=False):
        self._schedules, self._tell = schedules, tell
        self.outcome = None

    def __enter__(self):
        global _present
        self._errors, self._steps = [], [] if self._tell else None
        self._ends = None  # How many steps led to the first error.
        # (If raddle is installed, threads look in the interpreter's module.)
        modules = (threading, sys.modules["threading"])
        self._hooks = [(module, module.excepthook) for module in modules]
        for module in modules:
            module.excepthook = self._failed
        self._report = None
        self._before = set(threading.enumerate())
        points.told = self._steps
        begun = False
        try:
            self._schedules.begin()
            begun = True
            if self._tell:
                _present = self
                deaths.forget()
            return self
        except BaseException:
            if begun:  # A signal's handler has raised.
                self._schedules.finish()
            self._put_back()
            raise

    def __exit__(self, _, error, __):
        if error is not None and not isinstance(error, Stuck):
            self._end()
        try:
            # (What is no Exception, such as Ctrl-C's, waits for nobody.)
            at_once = error is not None and not isinstance(error, (Exception, SystemExit))
            told = self._schedules.finish(at_once)
            points.told = None
            _bury(self._before)
        finally:
            self._put_back()
        theirs = self._errors
        if error is None or isinstance(error, Stuck):
            error = next((each for each in theirs if not isinstance(each, Stuck)), error)
        if error is None and told[3] and told[4] == 0:
            error = theirs[0] if theirs else None
        if told[6] and isinstance(error, Stuck):
            error.report = ENDLESS.format(told[2])
        self._errors = None
        self.outcome = Outcome(error, told, self._led(error), self._report)

    def _end(self):
        """Say that the steps so far led to an error."""
        if self._ends is None and self._steps is not None:
            self._ends = len(self._steps)

    def _led(self, error):
        """Return the steps that led to an error; all if it is a deadlock, or there is none."""
        if error is None or self._steps is None or isinstance(error, Stuck):
            return self._steps
        return self._steps[: self._ends]

    def describe(self):
        """Keep a report of who waits for what; all threads of the run do."""
        others = self._before - {threading.current_thread(), threading.main_thread()}
        idents = {each.ident for each in others}
        ring = [each for each in _raddle._waits() if each[0] not in idents]
        if not ring:
            return
        try:
            self._report = Report(*_ring([each[:4] for each in ring]), True, ring)
        except Exception as error:
            sys.stderr.write(f"raddle: a deadlock, which could not be described: {error!r}\n")

    def _failed(self, args):
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            if not isinstance(args.exc_value, Stuck):
                self._end()
            self._errors.append(args.exc_value)

    def _put_back(self):
        global _present
        _present = points.told = None
        for module, hook in self._hooks:
            module.excepthook = hook


def _ring(waits):
    """Return (kind, waits): "cycle" and those that wait for each other, or "asleep" and all."""
    by = {each[0]: each for each in waits}
    for each in waits:
        path = []
        while each is not None and each not in path:
            path.append(each)
            each = by.get(each[3])
        if each is not None:
            return "cycle", path[path.index(each) :]
    return "asleep", waits


def run(fn, schedules, tell=False):
    """Call fn() under the present one of `schedules`; return its Outcome."""
    made = Run(schedules, tell)
    try:
        with made:
            fn()
    except Exception:
        if made.outcome is None:
            raise
    return made.outcome


def _bury(before):
    """Wait for the threads of a run, which nothing holds any more."""
    until = time.monotonic() + PATIENCE
    for thread in set(threading.enumerate()) - before:
        if thread is not threading.current_thread():
            with contextlib.suppress(RuntimeError):  # It is about to start.
                thread.join(max(0, until - time.monotonic()))


_raddle._equip(stuck=_stuck)
