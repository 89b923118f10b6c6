"""Programs that are asked for a dump: how they are run and asked."""

import contextlib
import os
import signal
import subprocess
import sys
import time

from programs import PATIENCE, environment

DUMP = [sys.executable, "-m", "raddle", "dump"]
SAY = "def say(): print('ready', flush=True)\n"
HANGS = {
    "a lock": (
        "import threading\nlock = threading.Lock()\nlock.acquire()\nsay()\nlock.acquire()\n",
        "lock.acquire()",
    ),
    "join": (
        "import threading\ngo = threading.Event()\n"
        "t = threading.Thread(target=go.wait, name='helper', daemon=True)\n"
        "t.start()\nsay()\nt.join()\n",
        "t.join()",
    ),
    "queue.get": ("import queue\nq = queue.Queue()\nsay()\nq.get()\n", "q.get()"),
    "sleep": ("import time\nsay()\ntime.sleep(900)\n", "time.sleep(900)"),
    "a loop": ("say()\nwhile True:\n    pass\n", ""),
}


@contextlib.contextmanager
def running(command, folder, home, source=None, ready="ready\n", **more):
    """Run a program until it has said that it is ready; end it with the block."""
    if source is not None:
        command = [*command, folder.write(SAY + source)]
    process = subprocess.Popen(
        list(map(str, command)),
        cwd=folder.home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(XDG_RUNTIME_DIR=str(home), **more),
    )
    with process:
        try:
            assert process.stdout.readline().decode() == ready
            yield process
        finally:
            process.kill()


def read_for(stream, wanted, seconds):
    """Read a pipe until its text has `wanted`, but not for longer; return the text."""
    os.set_blocking(stream.fileno(), False)
    limit, text = time.monotonic() + seconds, ""
    while wanted not in text and time.monotonic() < limit:
        text += (stream.read() or b"").decode()
        time.sleep(0.005)
    return text


def ask(pid, home, *more, **env):
    """Run `raddle dump PID`; return how it ended."""
    return subprocess.run(
        [*DUMP, str(pid), *more],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=environment(XDG_RUNTIME_DIR=str(home), **env),
    )


def ask_until(line, pid, home):
    """Ask until the answer has a line, which the program may not have come to yet."""
    limit = time.monotonic() + PATIENCE
    while True:
        done = ask(pid, home)
        assert (done.returncode, done.stderr) == (0, "")
        if line in done.stdout:
            return done
        assert time.monotonic() < limit, f"{line!r} did not come: {done}"


def quit_until(line, process):
    """Send SIGQUIT until the dump on stderr has a line; return what was printed."""
    limit, text = time.monotonic() + PATIENCE, ""
    while line not in text or not text.endswith("\n"):
        assert time.monotonic() < limit, f"{line!r} did not come: {text!r}"
        process.send_signal(signal.SIGQUIT)
        # (The interpreter sees to one that comes just before a sleep when the next one comes.)
        text += read_for(process.stderr, "in <module>\n", 5)
    return text


def refused(done, *words):
    """Require that the command said why it showed nothing."""
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert all(word in done.stderr for word in words), done.stderr
