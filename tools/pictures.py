"""Draw what raddle's reports look like in a terminal: docs/pictures/*.svg.

    pip install rich; python tools/pictures.py

The programs are run with `raddle run` in a real terminal (a pty), by the interpreter that runs
this, which has to have raddle.
"""

import io
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from fcntl import ioctl
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 100, 60  # of the terminal, in characters
QUIET = 2.5  # seconds without output after which a program that hangs has said all

RUN = ("-m", "raddle", "run")
PYTEST = ("-m", "pytest", "-q", "--color=yes", "-p", "no:cacheprovider")

# name of the picture: (title, folder, arguments of `raddle run`, key pressed after a second).
# If the first argument is "-m", they are python's.
SHOWN = {
    "deadlock": ("raddle run two_locks.py", "tests/hangs", ["two_locks.py"], b""),
    "asleep": ("raddle run task_done.py", "tests/hangs", ["task_done.py"], b""),
    "order": ("raddle run --check bank.py", "examples", ["--check", "bank.py"], b""),
    "race": ("raddle run --race counter.py", "examples/races", ["--race", "counter.py"], b""),
    "contention": ("raddle run --profile jobs.py", "examples", ["--profile", "jobs.py"], b""),
    "groups": ("Ctrl-\\ in fan_out.py", "examples/groups", ["fan_out.py"], b"\x1c"),
    "schedule": (
        "pytest --raddle-explore test_bank.py",
        "examples/flaky",
        [*PYTEST, "--raddle-explore", "test_bank.py"],
        b"",
    ),
    "dump": ("Ctrl-\\ while full_queue.py hangs", "tests/hangs", ["full_queue.py"], b"\x1c"),
}


def seen(folder, arguments, key):
    """Return what a program shows on a terminal until it ends or says no more."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT / folder)
        os.environ.update(TERM="xterm-256color", PYTHONWARNINGS="ignore")
        first = () if arguments[0] == "-m" else RUN
        command = [sys.executable, *first, *arguments]
        os.execv(sys.executable, command)
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    text, limit = b"", time.monotonic() + QUIET
    while select.select([terminal], [], [], max(0.0, limit - time.monotonic()))[0]:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # It has ended.
            break
        text, limit = text + data, time.monotonic() + QUIET
        if key:
            text = b""  # The picture is of what the key brings.
            os.write(terminal, key)
            key = b""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return text.decode()


def draw(title, text):
    """Return the picture of a terminal with this text, as SVG."""
    console = Console(width=WIDTH, record=True, file=io.StringIO(), highlight=False)
    console.print(Text.from_ansi(text.replace("\r\n", "\n").strip("\n")))
    # (Without the fonts that it would have a reader's browser fetch.)
    plain = re.sub(r"@font-face {{.*?}}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return console.export_svg(title=title, code_format=plain)


def main():
    """Draw the pictures whose names are given, or all."""
    PICTURES.mkdir(exist_ok=True)
    for name in sys.argv[1:] or SHOWN:
        title, folder, arguments, key = SHOWN[name]
        text = seen(folder, arguments, key)
        (PICTURES / f"{name}.svg").write_text(draw(title, text))
        print(f"docs/pictures/{name}.svg")


if __name__ == "__main__":
    main()
