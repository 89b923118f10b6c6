"""The gallery of hangs: running a program until raddle has said what hangs.

`python tests/support/gallery.py NAME...` shows what it says, as the `.txt` files have it.
"""

import os
import re
import subprocess
import sys
import time

from paths import TESTS
from programs import RADDLE, environment

HERE = TESTS / "hangs"
HANGS = sorted(path.stem for path in HERE.glob("*.py"))
QUIET = sorted(path.stem for path in (HERE / "quiet").glob("*.py"))
DEADLINE = 60.0  # seconds until a report has to be there


def plain(text):
    """Return a report without what differs from run to run: addresses, idents, times, and
    the lines of the standard library, which are those of one version."""
    text = re.sub(r"0x[0-9a-f]+", "0x...", text)
    # (The thread that finds it has only begun to wait, and there nothing is said.)
    text = re.sub(r", for \d+\.\d s", "", text)
    text = re.sub(r"^  in process \d+ .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"\d+\.\d s ago", "just now", text)
    text = re.sub(r"\b\d{9,}\b", "N", text)
    return re.sub(r"^      /.*\n(          .*\n)?", "", text, flags=re.MULTILINE)


def start(name, folder=HERE, *options):
    """Start a program of the gallery under `raddle run`, in a process group of its own."""
    return subprocess.Popen(
        [*RADDLE, *options, f"{name}.py"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=environment(PYTHONWARNINGS="ignore"),
    )


def end(process):
    """End a program and what it has started."""
    os.killpg(process.pid, 9)
    process.communicate()


def said(process, enough):
    """Let a program run until it has said `enough` on stderr; return that, made plain."""
    os.set_blocking(process.stderr.fileno(), False)
    limit, text = time.monotonic() + DEADLINE, ""
    try:
        while time.monotonic() < limit and not enough(plain(text)):
            text += (process.stderr.read() or b"").decode()
            time.sleep(0.01)
    finally:
        end(process)
    return plain(text)


if __name__ == "__main__":
    DEADLINE = 5.0
    for each in sys.argv[1:] or HANGS:
        began = time.monotonic()
        text = said(start(each), lambda text: text.count("\n\n") >= 2 and text.endswith("\n"))
        print(f"== {each}: {time.monotonic() - began:.1f} s\n{text}", flush=True)
