"""The command `raddle`, and `python -m raddle`.

`raddle run …` is `RADDLE=1 python …` with the same interpreter: the process is replaced, so
that arguments, `__main__`, exit codes, tracebacks and signals are plain Python's own.
"""

import os
import re
import stat
import sys

from raddle._cli import suggestions
from raddle._diagnose.contention import at_exit, stats
from raddle._diagnose.report import sentences

USAGE = """\
usage: raddle run [options] [python options] script.py [args ...]
       raddle run [options] [python options] -m module [args ...]
       raddle run [options] [python options] -c command [args ...]
       raddle run [options] [python options] - [args ...]
       raddle run [options]                (a piped-in program, or a prompt)
       raddle dump [--tree] PID
       raddle --help | --version

options: --check, --profile, --profile=FILE

run: runs an unmodified Python program on raddle: threading, and what builds on it, is
patched before the program's first line, in its child processes too. A deadlock is reported
on stderr, and Ctrl-\\ shows what every thread does; the program goes on. With --check, so
are locks that are taken in orders that could end in a deadlock, though they did not.
With --profile, a table on stderr at the end says which locks were waited for, how long and
where; FILE gets it as JSON or, if it ends in .speedscope.json, as www.speedscope.app draws it.
With %p in its name (out-%p.json), each process writes one, children too.

dump: shows that of a process which was started by `raddle run`, or with RADDLE_DUMP=1 in its
environment, from another terminal. With --tree, of all that it has started as well.
"""


def main(argv=None):
    """Run the command line `argv` (sys.argv without the program); return the exit status.

    `raddle run` does not return: the program takes the process over.
    """
    argv = sys.argv[1:] if argv is None else argv
    match argv:
        case ["run", "-h" | "--help", *_] | ["-h" | "--help" | "help", *_]:
            return _show(USAGE)
        case ["-V" | "--version", *_]:
            from raddle import __version__

            return _show(f"raddle {__version__} (Python {sys.version.split()[0]})\n")
        case ["run", *rest]:
            return _run(rest)
        case ["dump", "-h" | "--help", *_]:
            return _show(USAGE)
        case ["dump", *rest]:
            return _dump(rest)
        case []:
            return _misused("a command is missing")
        case _:
            return _misused(suggestions.of_command(argv))


def _dump(rest):
    """`dump`, with its option before or after the process id."""
    pids = [each for each in rest if each != "--tree"]
    why = suggestions.of_dump(pids)
    if why:
        return _misused(why)
    from raddle._diagnose.dump import client

    return client.dump(pids[0], tree="--tree" in rest)


def _run(rest):
    """`run`, with raddle's own options before the program's."""
    # A program under `raddle run --profile` may start this: it has an end of its own.
    os.environ.pop(stats.VARIABLE, None)
    while rest and re.match("--(check$|profile(=|$))", rest[0]):
        option, _, path = rest[0].partition("=")
        if option == "--check":
            os.environ["RADDLE_LOCK_ORDER"] = "1"
        elif rest[0] == option:
            os.environ[stats.VARIABLE] = stats.TABLE
        else:
            why = stats.refusal(at_exit.file(path)) if path else "it has no name"
            if why:
                return _misused(f"the profile cannot be written to {path!r}: {why}")
            os.environ[stats.VARIABLE] = os.path.abspath(path)
        rest = rest[1:]
    if rest[:1] in (["-h"], ["--help"]):
        return _show(USAGE)
    if not rest and not _can_be_read():
        return _misused("run needs a script, -m module or -c command")
    why = suggestions.of_option(rest)
    if why:
        return _misused(why)
    why = sentences.refusal(os.environ.get("RADDLE_ON_DEADLOCK"))
    if why:
        return _misused(why)
    if rest and stats.VARIABLE in os.environ:
        if rest[0].endswith(".json"):
            return _misused(f"a profile's file comes after =, as in --profile={rest[0]}")
        if not rest[0].startswith("-") and not os.path.exists(rest[0]):
            # python will say so; a profile of an earlier run is not to be lost by that.
            del os.environ[stats.VARIABLE]
    return run(rest)


def _can_be_read():
    """Whether python would read a program, or what somebody types, from standard input."""
    try:
        return os.isatty(0) or not stat.S_ISCHR(os.fstat(0).st_mode)  # Not /dev/null.
    except OSError:
        return False  # It is closed.


def _show(text):
    print(text, end="")  # (Nothing is said where there is no standard output.)
    return 0


def _complain(text):
    if sys.stderr is not None:
        sys.stderr.write(text)
    return 2


def _misused(why):
    return _complain(f"raddle: {why}\n\n{USAGE}")


def run(rest):
    """Replace this process by the interpreter, with raddle installed, running `rest`."""
    if _leaves_out_site(rest):
        return _misused("-S leaves out site-packages, where raddle is")
    if not _starts_with_raddle():
        return _complain(
            "raddle: raddle_startup.pth is not in this interpreter's site-packages, so "
            "programs cannot start with raddle; install the package with pip\n"
        )
    os.environ["RADDLE"] = "1"
    # Its own number: a child that inherits the variable has another one.
    os.environ["RADDLE_RUN"] = str(os.getpid())
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os.execv(sys.executable, [sys.executable, *_own_options(), *rest])


def _leaves_out_site(rest):
    """Whether the options before the program contain -S."""
    options = iter(rest)
    for option in options:
        if option in ("-X", "-W", "--check-hash-based-pycs"):
            next(options, None)
        elif not option.startswith("-") or option == "-":
            return False
        elif not option.startswith(("--", "-X", "-W")):
            letters = re.split("[cm]", option[1:], maxsplit=1)
            if "S" in letters[0]:
                return True
            if len(letters) > 1:
                return False
    return False


def _own_options():
    """The options that this interpreter was given (-u, -X dev, -W error, ...)."""
    options = []
    given = iter(sys.orig_argv[1:])
    for option in given:
        if not option.startswith("-") or option in ("-", "-c"):
            break
        if option in ("-X", "-W", "--check-hash-based-pycs"):
            options += [option, next(given, "")]
        elif option.startswith(("-X", "-W", "--")):
            options.append(option)
        else:
            # A cluster of letters, up to the m of `-m raddle`.
            letters, module, _ = option[1:].partition("m")
            if letters:
                options.append("-" + letters)
            if module:
                break
    return options


def _starts_with_raddle():
    """Whether an interpreter started like this one finds raddle_startup.pth."""
    import site

    folders = [
        *site.getsitepackages(),
        *([site.getusersitepackages()] if site.ENABLE_USER_SITE else []),
    ]
    return any(os.path.exists(os.path.join(folder, "raddle_startup.pth")) for folder in folders)


if __name__ == "__main__":
    sys.exit(main())
