"""What RADDLE=1 in the environment does when an interpreter starts (see raddle_startup.pth).

A subinterpreter cannot load the extension; there, threading stays the interpreter's own
and nothing is reported. After any other failure, the program would silently run without raddle,
so that is reported, and the program runs on.
"""

import os
import sys

_OFF = ("", "0", "false", "no", "off")

wrong = {}
"""By name, the invalid values of variables that were replaced: `raddle doctor` reports them."""


def _in_subinterpreter():
    import _thread

    is_main = getattr(_thread, "_is_main_interpreter", None)
    if is_main is not None:
        return not is_main()
    try:
        import _xxsubinterpreters as interpreters
    except ImportError:
        return False
    return interpreters.get_current() != interpreters.get_main()


def _cannot_load(error):
    _say(f"RADDLE is set, but raddle cannot be loaded: {error}")


def _say(text):
    if sys.stderr is not None and not _in_subinterpreter():
        sys.stderr.write(f"raddle: {text}\n")


def _check():
    """Report variables with an invalid value, and which value is used instead."""
    action = os.environ.get("RADDLE_ON_DEADLOCK")
    if action:
        from raddle._diagnose.report.sentences import refusal

        if why := refusal(action):
            _say(f"{why}: it is taken for report")
            wrong["RADDLE_ON_DEADLOCK"] = action
            os.environ["RADDLE_ON_DEADLOCK"] = "report"  # Its children report nothing.
    for name in ("RADDLE", "RADDLE_DUMP"):
        word = os.environ.get(name, "")
        if word.lower() not in (*_OFF, "1", "true", "yes", "on"):
            _say(f"{name} is 1 or 0, not {word!r}: it is taken for 1")
            wrong[name] = word
            os.environ[name] = "1"


def _look_for_races(is_run):
    """`is_run`: whether `raddle run` has started just this process, to look for them."""
    from raddle._diagnose.race import settings, watch

    word = os.environ["RADDLE_RACE"]
    try:
        packages, strict = settings.parse(word)
        # (`raddle run` has found the packages. The path need not be complete yet.)
        watch.start(packages, strict, missing_ok="RADDLE_RUN" in os.environ)
    except (RuntimeError, ValueError) as error:
        _say(str(error))
        if is_run:
            os._exit(2)  # What is raised here would not end it.
        wrong["RADDLE_RACE"] = word


def start():
    """Install raddle; report why if that fails outside subinterpreters."""
    from raddle._cli import process
    from raddle._install import patch

    is_run = process.is_run()  # first: the variable may be settled by this
    _check()
    patch.install_at_start(_cannot_load)
    if os.environ.get("RADDLE_RACE", "").lower() not in _OFF and not _in_subinterpreter():
        _look_for_races(is_run)
    target = os.environ.get("RADDLE_PROFILE")
    if not (is_run or os.environ.get("RADDLE_DUMP") or target) or _in_subinterpreter():
        return
    from raddle._diagnose.dump import signal_handler

    if is_run or signal_handler.wanted():
        signal_handler.prepare()
    if target:
        from raddle._diagnose.contention import at_exit

        if is_run or at_exit.is_for_each(target):
            at_exit.prepare(target)


start()
