"""A brief check of an installed raddle, as it is right after `pip install`.

    /path/to/environment/bin/python tools/smoke.py

Runs the tutorial, names a hang, has `raddle run -m http.server` answer a request, and ends with
daemon threads at work. Exit code: 0 when everything was right, 1 otherwise.
"""

import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import demo

SCRIPT = Path(sys.executable).with_name("raddle")
EXITS = 5

DAEMONS = """
import threading, time
import raddle.threading
def work():
    while True:
        with lock:
            time.sleep(0)
lock = threading.Lock()
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
print(threading.Lock is raddle.threading.Lock)
"""


def answers() -> list[str]:
    """Ask a web server that runs on raddle for one file; return what was wrong."""
    print("\n  raddle run -m http.server 0   (one request)")
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home, "site")
        folder.mkdir()
        (folder / "page.txt").write_text("warp and weft")
        command = [SCRIPT, "run", "-m", "http.server"]
        with demo.serving(command, folder, Path(home, "log")) as (process, url):
            with urllib.request.urlopen(f"{url.rstrip('/')}/page.txt", timeout=60) as page:
                body = page.read()
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=demo.PATIENCE)
    print(f"    it answered {body!r}, and ended with {process.returncode}")
    if (body, process.returncode) != (b"warp and weft", 0):
        return [f"the server answered {body!r} and ended with {process.returncode}"]
    return []


def ends() -> list[str]:
    """End programs while their daemon threads work; return what was wrong."""
    print(f"\n  {EXITS} programs that end while daemon threads work")
    for number in range(EXITS):
        done, _ = demo.run([SCRIPT, "run", "-c", DAEMONS])
        if (done.returncode, done.stderr) != (0, ""):
            return [f"exit {number} ended with {done.returncode}: {done.stderr}"]
        if done.stdout != "True\n":
            return ["`threading.Lock` was not raddle's under `raddle run`"]
    return []


def starts() -> list[str]:
    """Have the environment variable install raddle; return what was wrong."""
    print("\n  RADDLE=1 python")
    done = subprocess.run(
        [sys.executable, "-c", DAEMONS],
        capture_output=True,
        text=True,
        timeout=demo.PATIENCE,
        env=demo.environment() | {"RADDLE": "1"},
    )
    right = done.returncode == 0 and done.stdout == "True\n"
    return [] if right else [f"RADDLE=1 installed nothing: {done.stdout}{done.stderr}"]


def main() -> int:
    # A shell's background job ignores Ctrl-C, and so would what we start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    wrong = [*demo.tutorial(), *demo.hang(), *answers(), *ends(), *starts()]
    for line in wrong:
        print(f"WRONG: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
