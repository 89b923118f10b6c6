"""One program in the place of another."""

import os
import sys

VARIABLE = "RADDLE_RUN"
# On Windows, where the program's number is not known before it runs: the first that starts with
# this, and with raddle, is it.
_NEXT = "next"


def is_run():
    """Return whether this process is what `raddle run` has become."""
    number = str(os.getpid())
    if os.environ.get(VARIABLE) == _NEXT:
        os.environ[VARIABLE] = number
    return os.environ.get(VARIABLE) == number


def become(command):
    """Replace this process with `command`, a program and its arguments.

    Windows has nothing for that: there the program is a child, whose exit code is returned.
    Ctrl-C and Ctrl-Break reach it from the console, and this process leaves them to it.
    """
    if sys.platform != "win32":
        # Its own number: a child that inherits the variable has another one.
        os.environ[VARIABLE] = str(os.getpid())
        os.execv(command[0], command)
    import subprocess

    os.environ[VARIABLE] = _NEXT
    child = subprocess.Popen(command)
    while True:
        try:
            code = child.wait()
        except KeyboardInterrupt:
            continue
        # As sys.exit() takes it: what ended by an error of the system has a number above 2**31.
        return code - (1 << 32) if code >> 31 else code
