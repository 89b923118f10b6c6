"""A bank whose locks are checked: programs that take its locks one inside the other."""

import os
import re
import subprocess
import sys
import textwrap

# The locks, and a function that takes them one inside the other, in a thread of its own.
BANK = """\
import raddle
from raddle import threading

tree = threading.Lock()
index = threading.RLock()

def nest(outer, inner):
    with outer:
        with inner:
            pass

def run(name, *locks):
    thread = threading.Thread(target=nest, args=locks, name=name)
    thread.start()
    thread.join()

"""
CHECKED = {"RADDLE_LOCK_ORDER": "1"}
WHICH = re.compile(
    r"^  in process \d+ \((?:-m )?bank(?:\.py)?\), at \d\d:\d\d:\d\d, Python 3\..*\n",
    re.MULTILINE,
)


def run(folder, code, env=CHECKED, flags=()):
    """Run the bank and the code that follows it as a file; return the run."""
    path = folder / "bank.py"
    path.write_text(BANK + textwrap.dedent(code))
    environment = {**os.environ, **env}
    environment.pop("RADDLE", None)
    done = subprocess.run(
        [sys.executable, *flags, path.name],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    done.stderr = WHICH.sub("  in process N (bank.py)\n", done.stderr)
    return done
