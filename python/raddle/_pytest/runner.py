"""Threads of pytest and its plugins: whether all other threads sleep is found in spite of them.

Those that wake no other thread are not counted (`bystanders`). If there are others that are not
asleep, the run says so (`unseen`).
"""

import os
import sys
import time

from raddle import _raddle
from raddle._diagnose.program import stack
from raddle._pytest import known_threads

UNKNOWN = "one that Python's threading does not know"
ENDING = 0.3  # seconds that such a thread may take to end
NO_IDENT = 1  # of a thread that is not Python's; no thread of Python has it
_PYTEST = f"{os.sep}_pytest{os.sep}"
_RECEIVER = os.path.join("execnet", "gateway_base.py"), "BaseGateway._thread_receiver"


class Harness:
    """The threads that were there before the tests, or come from what runs them."""

    def __init__(self):
        """Note the threads that are there, before a test or a plugin has started more."""
        self._receiver = _receiver()
        self._watchdog = None
        self._natives, self._newcomers, self._until = set(), set(), 0.0
        self._is_testing = False
        self._suspects = set()
        self._is_told = False
        _raddle._equip(bystanders=self.bystanders)

    def testing(self, now):
        """Say whether a test is under way."""
        self._is_testing = now

    def bystanders(self):
        """Return the (ident, native id) of the threads that wake no other."""
        try:
            found = [_ids(each) for each in _threads() if known_threads.is_quiet(each)]
        except Exception:  # A look must not end a wait.
            return []
        # Between tests, what it receives is what the main thread waits for: the next test.
        if (
            self._receiver is not None
            and self._is_testing
            and not _is_receiving(self._receiver)
        ):
            found.append(self._receiver)
        if self._tell_watchdog() is not None:
            found.append(self._watchdog)
        return [(ident, native) for ident, native in found if ident and native]

    def look(self):
        """Note the threads that are there before a test begins, and before it is watched."""
        self._natives, self._newcomers, self._watchdog = _natives(), set(), None
        if not self._is_told:
            self._suspects = set(self._awake())

    def look_for_watchdog(self, timeout):
        """Note the threads that have come since the last look(), faulthandler's.

        It is C's, and only prints where the threads are after `timeout` seconds.
        """
        self._newcomers, self._until = _natives() - self._natives, time.monotonic() + timeout

    def _tell_watchdog(self):
        # (Others have begun, too, and `threading` need not have known them then.)
        if self._watchdog is None and time.monotonic() < self._until:
            left = self._newcomers - {_ids(each)[1] for each in _threads()}
            if len(left) == 1:
                self._watchdog = NO_IDENT, left.pop()
        return self._watchdog

    def unseen(self):
        """Return why it would not be seen that all threads sleep; None if it would.

        Those that were not there at the last look are not told: they may be the test's own. Nor
        is anything twice.
        """
        if self._is_told or not self._suspects:
            return None
        awake = self._awake()
        until = time.monotonic() + ENDING
        while any(awake.get(each) == UNKNOWN for each in self._suspects):
            # (It may be about to end: one of raddle's that has told something, say.)
            if time.monotonic() > until:
                break
            time.sleep(0.005)
            awake = self._awake()
        lasting = [awake[each] for each in sorted(self._suspects & set(awake))]
        if not lasting:
            return None
        self._is_told = True
        return (
            "raddle: rings are found, but not that all threads sleep: some might wake one: "
            f"{', '.join(dict.fromkeys(lasting))}"
        )

    def _awake(self):
        """Return the threads that keep it from being seen, by native id, in words."""
        asleep = {ident for ident, _, _, _, _, timed in _raddle._waits() if not timed}
        left_out = {native for _, native in (*self.bystanders(), self._receiver or (0, 0))}
        threads = {_ids(each)[1]: each for each in _threads()}
        awake = {}
        for native in _natives() - left_out - {_main()}:
            thread = threads.get(native)
            if thread is None:
                awake[native] = UNKNOWN
            elif _ids(thread)[0] not in asleep:
                awake[native] = told(thread)
        return awake


def told(thread):
    """Return a thread in words: its name, and what it runs."""
    return f"{stack.clean(str(stack.fact(thread, '_name')))}, which runs {runs(thread)}"


def runs(thread, seen=()):
    """Return what a thread runs and where that is; `seen` is its stack, see stack.visible()."""
    what = stack.runs(thread) or stack.timer(thread)
    if what is not None:
        return what
    if stack.fact(thread, "_target") is None:
        return f"{type(thread).__qualname__}.run"
    if not seen:
        return "a task that has no line of Python"
    code = seen[-1][0].f_code
    return f"{stack.clean(code.co_qualname)}{stack.place(code)}"


def _threads():
    active = getattr(sys.modules.get("threading"), "_active", None)
    return list(active.values()) if type(active) is dict else []


def _ids(thread):
    return stack.fact(thread, "_ident"), stack.fact(thread, "_native_id")


def _is_receiving(receiver):
    """Return whether a thread is in a call of execnet's, and may wait for what is received."""
    for ident, frame in sys._current_frames().items():
        while ident != receiver[0] and frame is not None:
            name = frame.f_code.co_filename
            if name.endswith(_RECEIVER[0]):
                return True
            if _PYTEST in name:
                break  # (What runs the tests in a worker is called by execnet.)
            frame = frame.f_back
    return False


def _natives():
    """Return the native ids of all threads, Python's or not; none if they are hidden."""
    return set(_raddle._natives())


def _main():
    """Return the native id of the main thread."""
    if sys.platform == "win32":
        return sys.modules["threading"].main_thread().native_id
    return os.getpid()


def _receiver():
    """Return the (ident, native id) of the thread that receives what to test; None without one.

    A worker of pytest-xdist has it. `threading` does not know it, so it can be told only while
    it is the one such thread.
    """
    threads = dict(_ids(each) for each in _threads())
    idents = [each for each in sys._current_frames() if each not in threads]
    natives = list(_natives() - set(threads.values()))
    if len(idents) != 1 or len(natives) != 1:
        return None
    frame = sys._current_frames().get(idents[0])
    while frame is not None:
        code = frame.f_code
        if code.co_filename.endswith(_RECEIVER[0]) and code.co_qualname == _RECEIVER[1]:
            return idents[0], natives[0]
        frame = frame.f_back
    return None
