"""The signal handlers with which a program shows its threads when it is asked to.

Ctrl-\\ (SIGQUIT; on Windows Ctrl-Break, SIGBREAK) prints them on stderr, and the program goes
on. `raddle dump PID` asks with a real-time signal instead, so that it can never meet what a
program does on SIGQUIT (many servers end), and has the answer written into a file of its own:
see asking/letterbox.py. Where there are no such signals, a thread listens: listener.py.

These processes have the handlers: the one that `raddle run` became, whose pid is in RADDLE_RUN;
those with RADDLE_DUMP=1 in their environment; those that configure(dump=True) has told to; and
what these fork. A program that sets a handler of its own wins.
"""

import os
import stat

VARIABLE = "RADDLE_DUMP"
OFF = ("", "0", "false", "no", "off")
# What the sign of a process that listens begins with; then comes where its answers go.
SIGN = "raddle-dump:"
_LONGEST = 200  # bytes of a folder's path; the name of a mapping has room for 249
HANDLERS = []  # that were set here


def number():
    """Return the signal by which `raddle dump PID` asks; None where there is none."""
    import _signal

    last = getattr(_signal, "SIGRTMAX", None)
    if last is None or not hasattr(_signal, "pidfd_send_signal"):
        return None
    return int(last) - 7


def wanted():
    """Return whether the environment asks for the handlers."""
    return os.environ.get(VARIABLE, "").lower() not in OFF


def prepare():
    """Set the handlers, where the signals still do what they do by default.

    Raises ValueError in another thread than the main one.
    """
    import _signal

    # An object of the extension's: it has no line of Python that Ctrl-C could interrupt.
    from raddle import _raddle

    asks = number()
    for each, function in {_quits(): _on_quit, asks: _on_asked}.items():
        if each is not None and _is_free(_signal.getsignal(each), each == asks):
            handler = _raddle._Handler(function)
            HANDLERS.append(handler)
            _signal.signal(each, handler)
            if each == asks:
                _listen(_raddle)
    if asks is None:
        _listen_elsewhere()


def _listen(core):
    global _place
    _place = answers_at()
    try:
        core._show_sign(os.fsencode(SIGN + _place))
    except OSError:
        return  # Then nobody asks; there is Ctrl-\.


def _listen_elsewhere():
    from raddle._diagnose.dump import listener

    try:
        listener.begin()
    except (OSError, RuntimeError):
        return


def stop():
    """Take the handlers out again, where they are still raddle's.

    Raises ValueError in another thread than the main one.
    """
    import _signal

    # Somebody may have looked before, and ask right now: that is not to end the process.
    for each, then in ((number(), _signal.SIG_IGN), (_quits(), _signal.SIG_DFL)):
        if each is not None and is_own(_signal.getsignal(each)):
            _signal.signal(each, then)
    from raddle import _raddle

    if number() is None:
        _raddle._listen(None)
    else:
        _raddle._show_sign(None)


def is_own(handler):
    """Return whether a signal's handler was set here."""
    return any(handler is each for each in HANDLERS)


def _quits():
    import _signal

    return getattr(_signal, "SIGQUIT", None) or getattr(_signal, "SIGBREAK", None)


def _is_free(handler, ignored):
    """Return whether the program leaves a signal alone; `ignored` may be what `stop` left."""
    import _signal

    return type(handler) is int and handler in (_signal.SIG_DFL, ignored and _signal.SIG_IGN)


def configure(on):
    """Set the handlers or take them out; RuntimeError in another thread than the main one."""
    try:
        (prepare if on else stop)()
    except ValueError:
        raise RuntimeError(
            "dump is switched in the main thread, since that is the one that answers"
        ) from None


def installed():
    """Set the handlers since raddle.install() was called, and the environment asks for them."""
    try:
        prepare()
    except ValueError:
        from raddle._diagnose.report import report

        text = (
            f"raddle: nothing answers {VARIABLE}, since raddle.install() was called in another "
            "thread than the main one\n"
        )
        report.show(lambda colour: text)


def answers_at():
    for name in ("XDG_RUNTIME_DIR", "TMPDIR"):
        place = os.environ.get(name)
        if not place or not os.path.isabs(place) or not os.path.isdir(place):
            continue
        if len(os.fsencode(place)) <= _LONGEST and "\n" not in place:
            return place
    return "/tmp"


_place = "/tmp"  # where the answers go


def folder(place, user):
    """Return the folder for the answers of a user's processes that have theirs at `place`."""
    return os.path.join(place, f"raddle-{user}")


def enter(path, user):
    """Return a descriptor of a folder that is this user's alone; OSError if it is not."""
    home = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    facts = os.fstat(home)
    if facts.st_uid != user or facts.st_mode & 0o077:
        os.close(home)
        raise PermissionError(f"{path} is not a private folder of user {user}")
    return home


def _text(waits, colour):
    try:
        from raddle import _raddle
        from raddle._diagnose.dump import render

        return render.describe_for(_raddle._main_ident(), waits, colour)
    except Exception as error:  # An import that the signal interrupted, for one.
        return f"raddle: no dump at this moment: {error!r}\n"


def _on_quit(signal, waits):
    try:
        from raddle._diagnose.report import report

        data = _text(waits, report.coloured_descriptor(2)).encode("utf-8", "backslashreplace")
        report.write(2, data)
    except Exception as error:
        os.write(2, f"raddle: no dump at this moment: {error!r}\n".encode())


def _on_asked(signal, waits):
    """Write the dump into the file that waits for it; without one, do nothing."""
    try:
        user = os.geteuid()
        home = enter(folder(_place, user), user)
    except OSError:
        return
    try:
        _answer(home, str(os.getpid()), user, waits)
    except OSError:
        pass
    finally:
        os.close(home)


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
