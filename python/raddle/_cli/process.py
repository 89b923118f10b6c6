"""One program in the place of another."""

import os
import sys


def become(command):
    """Replace this process with `command`, a program and its arguments.

    Windows has nothing for that: there the program is a child, whose exit code is returned.
    Ctrl-C and Ctrl-Break reach it from the console, and this process leaves them to it.
    """
    if sys.platform != "win32":
        os.execv(command[0], command)
    import subprocess

    child = subprocess.Popen(command)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue
