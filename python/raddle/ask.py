"""`raddle dump PID`: has another process of the same user show its threads.

The asker makes an empty file, 0600 in a private folder, and sends a signal; the process writes
its dump there and removes the file's name, which is how the asker, who has it open, sees that
it is complete. Nothing is left behind on any way out.

The signal would end a process that does not expect it. So it is sent through a descriptor of
the process (no other can get its number meanwhile), and only if the process was started by
`raddle run` and has a handler for it.
"""

import contextlib
import fcntl
import os
import select
import signal
import sys
import time

from raddle import answer

PATIENCE = 10.0  # seconds that a process may take to answer
LOOK = 0.01  # seconds between two looks


class RefusedError(Exception):
    """The process cannot be asked, or did not answer; the text says why."""


def dump(word, patience=PATIENCE):
    """Print the threads of the process `word` (its pid, as text); return the exit status."""
    try:
        text = ask(_pid(word), patience)
    except RefusedError as why:
        if sys.stderr is not None:
            sys.stderr.write(f"raddle: {why}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    if sys.stdout is not None:
        sys.stdout.buffer.write(text)
        sys.stdout.flush()
    return 0


def _pid(word):
    if not (word.isascii() and word.isdigit()) or int(word) == 0:
        raise RefusedError(f"{word!r} is no process id")
    return int(word)


def ask(pid, patience=PATIENCE):
    """Return the dump of a process as bytes; raises RefusedError if there is none."""
    if not hasattr(signal, "pidfd_send_signal") or answer.number() is None:
        raise RefusedError("dump PID works on Linux only")
    try:
        process = os.pidfd_open(pid)
    except (OSError, OverflowError):
        raise RefusedError(f"there is no process {pid}") from None
    try:
        environment, user = _check(pid)
        with _Ended(), _Letterbox(answer.folder(environment, user), pid, user) as box:
            try:
                signal.pidfd_send_signal(process, answer.number())
            except ProcessLookupError:
                raise RefusedError(f"process {pid} has just ended") from None
            return _await(pid, process, box, patience)
    finally:
        os.close(process)


def _check(pid):
    """Return the environment and user of a process that may be asked."""
    gone = RefusedError(f"there is no process {pid}")
    try:
        with open(f"/proc/{pid}/status") as file:
            facts = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    except OSError:
        raise gone from None
    if facts["Tgid"] != str(pid):
        raise RefusedError(f"{pid} is a thread of process {facts['Tgid']}: ask that one")
    user = int(facts["Uid"].split()[1])
    if user != os.geteuid():
        raise RefusedError(f"process {pid} belongs to {_user(user)}, who alone may ask it")
    if facts["State"].startswith(("Z", "X")):
        raise RefusedError(f"process {pid} has ended")
    if facts["State"].startswith(("T", "t")):
        raise RefusedError(
            f"process {pid} is stopped, and would answer only after `kill -CONT`"
        )
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            pairs = [each.split(b"=", 1) for each in file.read().split(b"\0") if b"=" in each]
    except FileNotFoundError:
        raise gone from None
    except OSError:
        raise RefusedError(f"process {pid} may not be looked at") from None
    environment = {os.fsdecode(name): os.fsdecode(value) for name, value in pairs}
    caught = int(facts["SigCgt"], 16) >> (answer.number() - 1) & 1
    if answer.VARIABLE not in environment or not caught:
        raise RefusedError(
            f"process {pid} does not run under `raddle run` (or has only just begun): "
            "nothing was sent to it"
        )
    return environment, user


def _user(number):
    try:
        import pwd

        return f"user {pwd.getpwuid(number).pw_name}"
    except (ImportError, KeyError):
        return f"user {number}"


def _await(pid, process, box, patience):
    limit = time.monotonic() + patience
    while not box.complete():
        if select.select([process], [], [], LOOK)[0] and not box.complete():
            raise RefusedError(f"process {pid} ended before it answered")
        if time.monotonic() > limit:
            raise RefusedError(
                f"process {pid} did not answer within {patience:g} s: its main thread is in "
                "foreign code, which lets no Python run"
            )
    return box.read()


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
            raise RefusedError(f"no file for the answer can be made: {error}") from None
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
                    self._home = answer.enter(self._path, self._user)
                    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
                    self._file = os.open(self._name, flags, 0o600, dir_fd=self._home)
            except FileNotFoundError:
                self._close()  # Another asker has just removed the folder.
                continue
            try:
                # Who has it locked still waits for an answer. A file that nobody has locked
                # was left by an asker that was killed.
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._close()
                raise RefusedError(
                    f"another `raddle dump {self._pid}` is waiting for its answer"
                ) from None
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


class _Ended:
    """Lets SIGTERM and SIGHUP end the block as Ctrl-C does, so that it tidies up."""

    def __enter__(self):
        self._before = {
            each: signal.signal(each, self._end) for each in (signal.SIGTERM, signal.SIGHUP)
        }

    @staticmethod
    def _end(number, frame):
        raise SystemExit(128 + number)

    def __exit__(self, *_):
        for each, handler in self._before.items():
            signal.signal(each, handler)
