"""One program in the place of another."""

import os
import sys


def is_run():
    """Return whether this process is what `raddle run` has become."""
    number = os.getppid() if sys.platform == "win32" else os.getpid()
    return os.environ.get("RADDLE_RUN") == str(number)


def become(command):
    """Replace this process with `command`, a program and its arguments.

    Windows has nothing for that: there the program is a child, whose exit code is returned.
    Ctrl-C and Ctrl-Break reach it from the console, and this process leaves them to it.
    """
    if sys.platform != "win32":
        os.execv(command[0], command)
    import subprocess

    child = subprocess.Popen(command, executable=_program(command[0]))
    while True:
        try:
            code = child.wait()
        except KeyboardInterrupt:
            continue
        # As sys.exit() takes it: what ended by an error of the system has a number above 2**31.
        return code - (1 << 32) if code >> 31 else code


def _program(name):
    """Return the file to run for a program.

    In a virtual environment the interpreter's is a launcher, which starts the interpreter as
    its child; so that this one's child is the program itself, the launcher's work is done here.
    """
    base = getattr(sys, "_base_executable", name)
    if name != sys.executable or base == name:
        return name
    os.environ["__PYVENV_LAUNCHER__"] = name
    return base
