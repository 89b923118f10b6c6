"""The side that answers `raddle dump PID` where no signal can ask: a thread of raddle's own.

On Windows it is a named pipe that only this user can open, elsewhere a socket, 0600 in a
private folder. The thread runs no Python until somebody asks, and is in no report.
"""

import os
import sys

from raddle._diagnose.dump import signal_handler


def place(pid):
    """Return where a process of this user listens."""
    if sys.platform == "win32":
        return rf"\\.\pipe\raddle-dump-{pid}"
    return os.path.join(_folder(), f"{pid}.socket")


def listens(pid):
    """Return whether a process of this user listens; it is not asked."""
    from raddle import _raddle

    return _raddle._listens(place(pid))


def begin():
    """Listen; OSError or RuntimeError if that cannot be."""
    from raddle import _raddle

    where = place(os.getpid())
    if sys.platform != "win32":
        home = os.path.dirname(where)
        os.makedirs(home, 0o700, exist_ok=True)
        os.close(signal_handler.enter(home, os.geteuid()))
    _raddle._listen(where, _answer)
    if sys.platform != "win32":
        _look_after()


def end():
    """Listen no more."""
    from raddle import _raddle

    _raddle._listen(None)


_looks_after = False


def _look_after():
    """Have a child of a fork listen as well, and nothing be left behind; once."""
    global _looks_after
    if not _looks_after:
        import atexit

        _looks_after = True
        os.register_at_fork(after_in_child=_forked)
        atexit.register(end)


def _forked():
    from raddle import _raddle

    if _raddle._is_listening():
        try:
            begin()
        except (OSError, RuntimeError):
            end()  # Then nobody asks it.


def _folder():
    place = signal_handler.answers_at()
    if sys.platform == "darwin":
        # One for each user, whatever a process's environment says: _CS_DARWIN_USER_TEMP_DIR.
        place = os.confstr(65537) or "/tmp"
    return signal_handler.folder(place, os.geteuid())


def _answer():
    try:
        from raddle._diagnose.dump import render

        text = render.describe()
    except Exception as error:  # An import that is going on, for one.
        text = f"raddle: no dump at this moment: {error!r}\n"
    return text.encode("utf-8", "backslashreplace")
