"""The contention profile is written at the end of a process, however that comes.

The process that `raddle run --profile` became writes it. What that one forks or starts writes
none, unless each process has a file of its own: %p in its name.
"""

import os
import sys

from raddle._diagnose.contention import stats

LAST = -1000  # the priority of what a process of multiprocessing's does at its end


def is_for_each(target):
    """Return whether each process has a file of its own: its name has the process id in it."""
    return "%p" in target.replace("%%", "")


def file(target):
    """Return the file of this process: %p stands for its process id, %% for a percent sign."""
    parts = [part.replace("%p", str(os.getpid())) for part in target.split("%%")]
    return "%".join(parts)


def prepare(target):
    """Write the profile when this process ends: `target` is a file, or stats.TABLE.

    Called before the program's first line: what is registered first is run last, after the
    program's own handlers, and its threads have ended by then.
    """
    import _signal
    import atexit

    from raddle._diagnose.dump import signal_handler

    stats.count_from_the_start()
    teller = _Teller(target)
    atexit.register(teller.at_exit)
    handler = _signal.getsignal(_signal.SIGTERM)
    if type(handler) is int and handler == _signal.SIG_DFL:
        own = teller.terminated
        signal_handler.HANDLERS.append(own)
        _signal.signal(_signal.SIGTERM, own)
    if is_for_each(target) and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=teller.forked)


class _Teller:
    """What a process does at its end."""

    def __init__(self, target):
        self._target, self._first = target, os.getpid()
        self._writing = False
        self._late = None  # a signal that came meanwhile

    def tell(self):
        """Write the profile, if this process is the one to do so."""
        if os.getpid() == self._first or is_for_each(self._target):
            self._writing = True
            _aside(self._target)
            self._writing = False

    def at_exit(self):
        """Called when the program and its threads have ended."""
        self.tell()
        if self._late is not None:
            self._end(self._late)
        _raise_again()

    def terminated(self, number, frame):
        """The handler of SIGTERM: writes the profile, then ends the process as before."""
        import _signal

        if self._writing:
            self._late = number  # One signal often comes with another.
            return
        before = _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
        self.tell()
        self._end(number)
        if before is not None:
            _signal.signal(_signal.SIGINT, before)

    def _end(self, number):
        import _signal

        own = _signal.signal(number, _signal.SIG_DFL)
        _signal.raise_signal(number)
        # Process 1 of a container ends by no signal that it leaves alone.
        _signal.signal(number, own)

    def forked(self):
        """Called in a child: those of multiprocessing end without atexit."""
        util = sys.modules.get("multiprocessing.util")
        if util is not None:
            # (As a child begins, it forgets what the parent was to finish, and calls these.)
            util.register_after_fork(self, _Teller._finish)

    def _finish(self):
        sys.modules["multiprocessing.util"].Finalize(None, self.tell, exitpriority=LAST)


def _aside(target):
    import contextlib
    from _thread import get_ident

    from raddle import _raddle

    me = get_ident()
    before = [each for each in _raddle._waits() if each[0] == me]
    with contextlib.suppress(
        KeyboardInterrupt
    ):  # The program has ended, and this has been told.
        _raddle._aside(_tell, target, (me, before))


def _raise_again():
    if getattr(sys, "last_type", None) is KeyboardInterrupt and not sys.flags.inspect:
        # An import that evaluates text (every namedtuple does) has made the interpreter forget
        # that the program died of SIGINT, and that the process is to end so, too.
        try:
            exec("raise KeyboardInterrupt")
        except KeyboardInterrupt:
            return


def _tell(target, teller):
    try:
        rows = stats.rows(teller)
        if target == stats.TABLE:
            from raddle._diagnose.contention import table

            table.show(rows)
        else:
            path = file(target)
            _write(rows, path)
            _say(f"raddle: the contention profile is in {path}\n")
    except Exception as error:
        _say(f"raddle: the contention profile could not be told: {error}\n")


def _write(rows, path):
    import json

    if path.endswith(".speedscope.json"):
        from raddle._diagnose.contention import speedscope

        document = speedscope.document(rows, os.path.basename(sys.argv[0]) or "raddle")
    else:
        document = rows
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.write("\n")


def _say(text):
    from raddle._diagnose.report import report

    try:
        report.show(lambda colour: text)
    except Exception:
        return  # Standard error is closed.
