"""The gallery of hangs: running a program until raddle has said what hangs.

`python tests/support/gallery.py NAME...` shows what it says, as the `.txt` files have it.
"""

import contextlib
import os
import re
import subprocess
import sys
import threading
import time

from paths import TESTS
from programs import RADDLE, environment
from raddle._diagnose.dump import process_tree

HERE = TESTS / "hangs"
WINDOWS = sys.platform == "win32"


def _applies(path):
    """Whether a program has all that it needs: Windows has no forks, and no signals to send."""
    text = path.read_text(encoding="utf-8")
    return not WINDOWS or not re.search(r"os\.fork|os\.kill|SIGALRM|pthread_|pass_fds", text)


HANGS = sorted(path.stem for path in HERE.glob("*.py") if _applies(path))
QUIET = sorted(path.stem for path in (HERE / "quiet").glob("*.py") if _applies(path))
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
    library = "/"
    if WINDOWS:
        text = re.sub(r"^(      \S+\.py):", _slashed, text, flags=re.MULTILINE)
        text = re.sub(r"\bthread \d+", "thread N", text)
        # (The library may be in an archive, and its files' names without their folder.)
        library = r"[A-Z]:/|" + "|".join(f"{each}[/.]" for each in sys.stdlib_module_names)
    return re.sub(rf"^      (?:{library}).*\n(          .*\n)?", "", text, flags=re.MULTILINE)


def _slashed(found):
    return found[1].replace("\\", "/") + ":"


def start(name, folder=HERE, *options):
    """Start a program of the gallery under `raddle run`, in a process group of its own."""
    return subprocess.Popen(
        [*RADDLE, *options, f"{name}.py"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=not WINDOWS,
        env=environment(PYTHONWARNINGS="ignore"),
    )


def end(process):
    """End a program and what it has started."""
    if WINDOWS:
        for each in process_tree.tree(process.pid):
            with contextlib.suppress(OSError):
                os.kill(each, 9)
    else:
        os.killpg(process.pid, 9)
    process.stdout.close()
    process.wait()


def said(process, enough):
    """Let a program run until it has said `enough` on stderr; return that, made plain."""
    parts = []
    reader = threading.Thread(target=_read, args=(process.stderr, parts))
    reader.start()
    limit = time.monotonic() + DEADLINE
    try:
        while time.monotonic() < limit and not enough(plain(_text(parts))):
            time.sleep(0.01)
    finally:
        end(process)
        reader.join()
        process.stderr.close()
    return plain(_text(parts))


def _read(stream, parts):
    while part := os.read(stream.fileno(), 1 << 16):
        parts.append(part)


def _text(parts):
    text = b"".join(parts).decode(errors="replace")
    return text.replace("\r\n", "\n")


if __name__ == "__main__":
    DEADLINE = 5.0
    for each in sys.argv[1:] or HANGS:
        began = time.monotonic()
        text = said(start(each), lambda text: text.count("\n\n") >= 2 and text.endswith("\n"))
        print(f"== {each}: {time.monotonic() - began:.1f} s\n{text}", flush=True)
