"""Programs for the tests of `raddle run`: how they are written, run and compared."""

import os
import re
import subprocess
import sys
import sysconfig
import textwrap
from pathlib import Path

PATIENCE = 120  # seconds until a program counts as hung
PLAIN = [sys.executable]
RADDLE = [sys.executable, "-m", "raddle", "run"]
COMMAND = [os.path.join(sysconfig.get_path("scripts"), "raddle"), "run"]

PATCHED = """
import sys
import threading, _thread
print(
    "raddle" in sys.modules and sys.modules["raddle"].installed(),
    "raddle.threading" in sys.modules
    and threading.Event is sys.modules["raddle.threading"].Event,
    "raddle._raddle" in sys.modules
    and type(threading.Lock()) is type(sys.modules["raddle._raddle"].allocate_lock())
    and type(_thread.allocate_lock()) is type(threading.Lock()),
)
"""


def environment(**more):
    """Return this process's environment without python's and raddle's settings, and `more`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "RADDLE"))}
    return {**kept, "COLUMNS": "80", "NO_COLOR": "1", **more}


def run(*command, cwd, text=None, env=None):
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        input=text,
        stdin=subprocess.DEVNULL if text is None else None,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=env or environment(),
    )


def seen(done):
    """Describe a finished program, but for the addresses of its objects."""
    err = re.sub(r" at 0x\w+", "", done.stderr)
    return {"code": done.returncode, "out": done.stdout, "err": err}


class Folder:
    """A folder with programs in it, in which they run under plain python and raddle."""

    def __init__(self, home: Path):
        self.home = home

    def write(self, source, name="app.py"):
        """Write a file and return its name, relative to the folder."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source))
        return name

    def run(self, *command, text=None, env=None):
        """Run a command here, with `text` on its standard input."""
        return run(*command, cwd=self.home, text=text, env=env)

    def same(self, *arguments, text=None, by=RADDLE):
        """Run a program by raddle and by python, require the same, and return that."""
        ours = seen(self.run(*by, *arguments, text=text))
        theirs = seen(self.run(*PLAIN, *arguments, text=text))
        assert ours == theirs, f"by raddle: {ours}\nby python: {theirs}"
        return theirs


def bare(child, code, *flags, **options):
    """Run without the subject's prelude."""
    return child(code, *flags, prelude="", **options)
