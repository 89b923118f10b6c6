"""Linux: a real-time signal asks, and the answer comes in a file.

The asker makes an empty file, 0600 in a private folder, and sends a signal; the process writes
its dump there and removes the file's name, which is how the asker, which has it open, sees that
it is complete. Nothing is left behind on any way out.

The signal would end a process that does not expect it. So it is sent through a descriptor of
the process (no other can get its number meanwhile), and only if the process shows the sign of
one that listens, and has a handler for the signal.
"""

import contextlib
import fcntl
import os
import select
import signal
import time

from raddle._diagnose.dump import signal_handler
from raddle._diagnose.dump.asking import refused
from raddle._diagnose.program import stack

LOOK = 0.01  # seconds between two looks


class Question:
    """A process that has been asked, until the `with` block ends."""

    def __init__(self, pid):
        self._pid = pid
        self._open = contextlib.ExitStack()

    def __enter__(self):
        with self._open:
            try:
                self._process = os.pidfd_open(self._pid)
            except (OSError, OverflowError):
                raise refused.RefusedError(f"there is no process {self._pid}") from None
            self._open.callback(os.close, self._process)
            place, user = check(self._pid)
            box = _Letterbox(signal_handler.folder(place, user), self._pid, user)
            self._box = self._open.enter_context(box)
            try:
                signal.pidfd_send_signal(self._process, signal_handler.number())
            except ProcessLookupError:
                raise refused.RefusedError(f"process {self._pid} has just ended") from None
            self._open = self._open.pop_all()
        return self

    def __exit__(self, *_):
        self._open.close()

    def wait(self, limit, timeout):
        """Return the answer; RefusedError at the `limit`, which is `timeout` seconds away."""
        while not self._box.complete():
            if select.select([self._process], [], [], LOOK)[0] and not self._box.complete():
                raise refused.ended(self._pid)
            if time.monotonic() > limit:
                raise refused.unanswered(self._pid, timeout)
        return self._box.read()


def check(pid):
    """Return where the answers of a process go that may be asked, and its user."""
    gone = refused.RefusedError(f"there is no process {pid}")
    try:
        with open(f"/proc/{pid}/status") as file:
            facts = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    except OSError:
        raise gone from None
    if facts["Tgid"] != str(pid):
        raise refused.RefusedError(
            f"{pid} is a thread of process {facts['Tgid']}: ask that one"
        )
    name = f"process {pid} ({stack.clean(facts['Name'])})"
    user = int(facts["Uid"].split()[1])
    if user != os.geteuid():
        raise refused.RefusedError(f"{name} belongs to {_user(user)}, who alone may ask it")
    if facts["State"].startswith(("Z", "X")):
        raise refused.RefusedError(f"{name} has ended")
    if facts["State"].startswith(("T", "t")):
        raise refused.RefusedError(
            f"{name} is stopped, and would answer only after `kill -CONT`"
        )
    try:
        place = _sign(pid)
    except FileNotFoundError:
        raise gone from None
    except OSError:
        raise refused.RefusedError(f"{name} may not be looked at") from None
    caught = int(facts["SigCgt"], 16) >> (signal_handler.number() - 1) & 1
    if place is None or not caught:
        raise refused.deaf(name)
    return place, user


def _sign(pid):
    """Return what comes after the sign of a process that listens; None if it has none."""
    begin, end = os.fsencode(f" /memfd:{signal_handler.SIGN}"), b" (deleted)\n"
    with open(f"/proc/{pid}/maps", "rb") as file:
        for line in file:
            _, found, place = line.partition(begin)
            if found:
                return os.fsdecode(place.removesuffix(end))
    return None


def _user(number):
    try:
        import pwd

        return f"user {pwd.getpwuid(number).pw_name}"
    except (ImportError, KeyError):
        return f"user {number}"


class _Letterbox:
    """The file into which a process writes its answer; gone when the `with` block ends."""

    def __init__(self, path, pid, user):
        self._path, self._name, self._user, self._pid = path, str(pid), user, pid
        self._home = self._file = None

    def __enter__(self):
        try:
            self._open()
        except OSError as error:
            self.__exit__()
            raise refused.RefusedError(f"no file for the answer can be made: {error}") from None
        except BaseException:
            self.__exit__()
            raise
        return self

    def _open(self):
        for _ in range(100):
            with contextlib.suppress(FileExistsError):
                os.mkdir(self._path, 0o700)
            try:
                with _undisturbed():
                    self._home = signal_handler.enter(self._path, self._user)
                    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
                    self._file = os.open(self._name, flags, 0o600, dir_fd=self._home)
            except FileNotFoundError:
                self._close()  # Another asker has just removed the folder.
                continue
            try:
                # A process that has it locked still waits for an answer. A file that is not
                # locked was left by an asker that was killed.
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._close()
                raise refused.busy(self._pid) from None
            if os.fstat(self._file).st_nlink == 1:
                os.ftruncate(self._file, 0)
                return
            self._close()
        raise FileNotFoundError(self._path)

    def _close(self):
        for each in (self._file, self._home):
            if each is not None:
                os.close(each)
        self._file = self._home = None

    def complete(self):
        """Return whether the process has written all and removed the file's name."""
        return os.fstat(self._file).st_nlink == 0

    def read(self):
        """Return what the process has written."""
        size = os.fstat(self._file).st_size
        return os.pread(self._file, size, 0)

    def __exit__(self, *_):
        if self._file is not None and not self.complete():
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._name, dir_fd=self._home)
        if self._home is not None:
            self._close()
        with contextlib.suppress(OSError):  # Another asker may be using it.
            os.rmdir(self._path)


@contextlib.contextmanager
def _undisturbed():
    """Keep the signals that end an asker from coming between a file and its being known."""
    ending = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def listening():
    """Return the (pid, name) of each process of this user that would answer now."""
    found = []
    for each in os.listdir("/proc"):
        if not each.isdigit() or int(each) == os.getpid():
            continue
        try:
            check(int(each))
            with open(f"/proc/{each}/comm", encoding="utf-8", errors="replace") as file:
                found.append((int(each), file.read().strip()))
        except (OSError, refused.RefusedError, KeyError, ValueError):
            continue  # Another user's, one that does not listen, or one that has just ended.
    return sorted(found)
