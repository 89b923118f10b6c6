"""A program under `raddle run` shows its threads when it is asked to.

Ctrl-\\ (SIGQUIT) prints them on stderr, and the program goes on. `raddle dump PID` asks with a
real-time signal instead, so that it can never meet what a program does on SIGQUIT (many servers
end), and has the answer written into a file of its own: see ask.py.

Only the process that `raddle run` became has these handlers, and what it forks: RADDLE_RUN is
its pid. A program that sets a handler of its own wins.
"""

import os
import stat

VARIABLE = "RADDLE_RUN"


def number():
    """Return the signal by which `raddle dump PID` asks; None where there is none."""
    import _signal

    last = getattr(_signal, "SIGRTMAX", None)
    return None if last is None else int(last) - 7


def prepare():
    """Set the handlers, where the signals still do what they do by default."""
    import _signal

    # An object of the extension's: it has no line of Python that Ctrl-C could interrupt.
    from raddle import _raddle

    handlers = {getattr(_signal, "SIGQUIT", None): _on_quit, number(): _on_asked}
    for each, function in handlers.items():
        if each is not None and _signal.getsignal(each) == _signal.SIG_DFL:
            handler = _raddle._Handler(function)
            HANDLERS.append(handler)
            _signal.signal(each, handler)


def folder(environment, user):
    """Return where the answers of a process with this environment and user id go."""
    for name in ("XDG_RUNTIME_DIR", "TMPDIR"):
        place = environment.get(name)
        if place and os.path.isabs(place) and os.path.isdir(place):
            return os.path.join(place, f"raddle-{user}")
    return f"/tmp/raddle-{user}"


def enter(path, user):
    """Return a descriptor of a folder that is this user's alone; OSError if it is not."""
    home = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    facts = os.fstat(home)
    if facts.st_uid != user or facts.st_mode & 0o077:
        os.close(home)
        raise PermissionError(f"{path} is not a private folder of user {user}")
    return home


_ENVIRONMENT = {name: os.environ.get(name) for name in ("XDG_RUNTIME_DIR", "TMPDIR")}


def _text(waits, colour):
    try:
        from raddle import _raddle, dumping

        return dumping.describe_for(_raddle._main_ident(), waits, colour)
    except Exception as error:  # An import that the signal interrupted, for one.
        return f"raddle: no dump at this moment: {error!r}\n"


def _on_quit(signal, waits):
    try:
        from raddle import report

        data = _text(waits, report.coloured_descriptor(2)).encode("utf-8", "backslashreplace")
        report.write(2, data)
    except Exception as error:
        os.write(2, f"raddle: no dump at this moment: {error!r}\n".encode())


def _on_asked(signal, waits):
    """Write the dump into the file that waits for it; without one, do nothing."""
    try:
        user = os.geteuid()
        home = enter(folder(_ENVIRONMENT, user), user)
    except OSError:
        return
    try:
        _answer(home, str(os.getpid()), user, waits)
    except OSError:
        pass
    finally:
        os.close(home)


HANDLERS = []  # that were set here


def _answer(home, name, user, waits):
    flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    file = os.open(name, flags, dir_fd=home)
    try:
        facts = os.fstat(file)
        own = facts.st_uid == user and not facts.st_mode & 0o077 and facts.st_nlink == 1
        if not (stat.S_ISREG(facts.st_mode) and own):
            return
        data = memoryview(_text(waits, False).encode("utf-8", "backslashreplace"))
        while data:
            data = data[os.write(file, data) :]
        # Its name goes when it is complete: that is what the asker waits for.
        os.unlink(name, dir_fd=home)
    finally:
        os.close(file)
