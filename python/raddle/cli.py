"""The command `raddle`, and `python -m raddle`.

`raddle run …` is `RADDLE=1 python …` with the same interpreter: the process is replaced, so
that arguments, `__main__`, exit codes, tracebacks and signals are plain Python's own.
"""

import os
import stat
import sys

from raddle._cli import arguments, process, pth, pyproject, suggestions, variables
from raddle._diagnose.contention import at_exit, stats
from raddle._diagnose.report import sentences

USAGE = """\
usage: raddle run [options] [python options] script.py [args ...]
       raddle run [options] [python options] -m module [args ...]
       raddle run [options] [python options] -c command [args ...]
       raddle run [options] [python options] - [args ...]
       raddle run [options]                (a piped-in program, or a prompt)
       raddle explore [--runs N | --seconds S] [--race] script.py [args ...]
       raddle replay TOKEN script.py [args ...]
       raddle dump [--tree] PID
       raddle doctor [--json]
       raddle --help | --version

options: --check, --race, --race=PACKAGES, --profile, --profile=FILE, --on-deadlock=WORD,
         --known-orders=PATTERNS, --known-races=PATTERNS

run: runs an unmodified Python program on raddle: threading, and what builds on it, is
patched before the program's first line, in its child processes too. A deadlock is reported
on stderr, and Ctrl-\\ shows what every thread does; the program goes on. With --check, so
are locks that are taken in orders that could end in a deadlock, though they did not.
With --race, so are values that threads access and nothing orders: a missing lock. That looks at
the program's own code, and at that of packages that are named; --race=strict tells of each two
accesses that are not ordered. --known-races has names of values or places that are fine.
With --profile, a table on stderr at the end says which locks were waited for, how long and
where; FILE gets it as JSON or, if it ends in .speedscope.json, as www.speedscope.app draws it.
With %p in its name (out-%p.json), each process writes one, children too.
--on-deadlock is report, raise or ignore; --known-orders, with commas, has names of locks or
places (bank.py:12) whose orders are fine. The table [tool.raddle] in the pyproject.toml at or
above the program may say the same; a flag goes before a variable, and that before the table.

explore: runs a program again and again (200 times), each time under another schedule of its
threads, and tells the different outcomes, each with a token. replay: runs it under that
schedule once more, and shows the steps of its threads.

dump: shows that of a process which was started by `raddle run`, or with RADDLE_DUMP=1 in its
environment, from another terminal. With --tree, of all that it has started as well.

doctor: says what is installed and in force here, what is wrong first; exit code 1 if something
is broken. With --json, for programs.
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
        case ["explore" | "replay", "-h" | "--help", *_]:
            return _show(USAGE)
        case ["explore" | "replay", *rest]:
            return _explore(argv[0], rest)
        case ["dump", "-h" | "--help", *_]:
            return _show(USAGE)
        case ["dump", *rest]:
            return _dump(rest)
        case ["doctor", "-h" | "--help", *_]:
            return _show(USAGE)
        case ["doctor", *rest]:
            return _doctor(rest)
        case []:
            return _misused("a command is missing")
        case _:
            return _misused(suggestions.of_command(argv))


def _explore(word, rest):
    """`explore` and `replay`."""
    from raddle._explore import command

    try:
        return command.explore(rest) if word == "explore" else command.replay(rest)
    except command.Misused as why:
        return _misused(why)


def _dump(rest):
    """`dump`, with its option before or after the process id."""
    pids = [each for each in rest if each != "--tree"]
    why = suggestions.of_dump(pids)
    if why:
        return _misused(why)
    from raddle._diagnose.dump import client

    return client.dump(pids[0], tree="--tree" in rest)


def _doctor(rest):
    """`doctor`, which has one option."""
    for word in rest:
        if word != "--json":
            return _misused(f"doctor has no option {word!r}; did you mean --json?")
    from raddle._cli.doctor import examine

    return examine.main("--json" in rest)


class _Misused(Exception):
    """The command line says what cannot be done; the text says why."""


def _run(rest):
    """`run`, with raddle's own options before the program's."""
    # A program under `raddle run --profile` may start this: it has an end of its own.
    os.environ.pop(stats.VARIABLE, None)
    try:
        flags, rest = _flags(rest)
        if rest[:1] in (["-h"], ["--help"]):
            return _show(USAGE)
        if not rest and not _can_be_read():
            raise _Misused("run needs a script, -m module or -c command")
        why = suggestions.of_option(rest)
        if why:
            raise _Misused(why)
        table = pyproject.read(arguments.home(rest))
        for name, word in table.variables().items():
            if not os.environ.get(name):
                os.environ[name] = word
        if stats.VARIABLE not in flags and table.profile():
            flags[stats.VARIABLE] = _profile(table.profile())
        os.environ.update(flags)
        why = sentences.refusal(os.environ.get("RADDLE_ON_DEADLOCK"))
        if why:
            raise _Misused(why)
        why = _why_no_races(os.environ.get("RADDLE_RACE", ""))
        if why:
            return _complain(f"raddle: {why}\n")
    except _Misused as why:
        return _misused(why)
    except pyproject.SettingsError as why:
        return _complain(f"raddle: {why}\n")
    if rest and stats.VARIABLE in os.environ:
        if rest[0].endswith(".json"):
            return _misused(f"a profile's file comes after =, as in --profile={rest[0]}")
        if not rest[0].startswith("-") and not os.path.exists(rest[0]):
            # python will say so; a profile of an earlier run is not to be lost by that.
            del os.environ[stats.VARIABLE]
    return run(rest)


def _flags(rest):
    """Return what raddle's own options put into the environment, and what comes after them."""
    flags, rest = {}, list(rest)
    while rest:
        option, is_given, word = rest[0].partition("=")
        if rest[0] == "--check":
            flags["RADDLE_LOCK_ORDER"] = "1"
        elif option == "--race":
            if is_given and not word:
                raise _Misused('--race= has names of packages, or "strict"')
            flags["RADDLE_RACE"] = word if is_given else "1"
        elif option == "--profile":
            flags[stats.VARIABLE] = _profile(word if is_given else True)
        elif option in ("--on-deadlock", "--known-orders", "--known-races"):
            if not is_given:
                rest = rest[1:]
                word = rest[0] if rest else ""
            if option == "--known-orders":
                flags["RADDLE_KNOWN_ORDERS"] = word
            elif option == "--known-races":
                flags["RADDLE_KNOWN_RACES"] = word
            elif word in sentences.ACTIONS:
                flags["RADDLE_ON_DEADLOCK"] = word
            else:
                choices = ", ".join(sentences.ACTIONS)
                raise _Misused(f"--on-deadlock is one of {choices}, not {word!r}")
        else:
            break
        rest = rest[1:]
    return flags, rest


def _why_no_races(word):
    """Return why races cannot be looked for as the environment's word says, or None."""
    if word.lower() in variables.OFF:
        return None
    from raddle._diagnose.race import settings

    try:
        settings.check(word)
    except (RuntimeError, ValueError) as error:
        return str(error)
    return None


def _profile(path):
    """Return what the variable has for a profile: True is a table, any other word a file."""
    if path is True:
        return stats.TABLE
    why = stats.refusal(at_exit.file(path)) if path else "it has no name"
    if why:
        raise _Misused(f"the profile cannot be written to {path!r}: {why}")
    return os.path.abspath(path)


def _can_be_read():
    """Whether python would read standard input: a program, or what a user types."""
    if sys.platform == "win32" and os.isatty(0):  # That is true of NUL as well.
        stream = getattr(getattr(sys.stdin, "buffer", None), "raw", None)
        return type(stream).__name__ == "_WindowsConsoleIO"
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
    """Replace this process with the interpreter, with raddle installed, running `rest`."""
    own = arguments.own()
    options = own + arguments.split(rest)[0]
    if "S" in arguments.letters(options):
        return _misused("-S leaves out site-packages, where raddle is")
    if not pth.is_in_force(options):
        why = pth.refusal(options)
        if why:
            return _complain(f"raddle: {why}\n")
        pth.build_bridge()
    os.environ["RADDLE"] = "1"
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    return process.become([sys.executable, *own, *rest])


if __name__ == "__main__":
    sys.exit(main())
