"""A program on raddle: how it is started, watched and ended, and what it may not say."""

import contextlib
import http.client
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

PROGRAMS = Path(__file__).with_name("programs")
PATIENCE = 120  # seconds until something counts as hung
IDLE = 7.0  # seconds in which a service that has nothing to do may be taken for a hang
CLIENTS = 8
EACH = 120  # requests of a client


class Wrong(Exception):
    """Something is not as it should be."""


def check(right, what):
    """Raise Wrong, and say what, unless it is right."""
    if not right:
        raise Wrong(what)


def environment(**more):
    """Return this environment without what changes how python or raddle start, and more."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "RADDLE"))}
    return {
        **kept,
        "PYTHONUNBUFFERED": "1",
        "NO_COLOR": "1",
        "PYTHONPATH": str(PROGRAMS),
        **more,
    }


def command(arguments, options=()):
    """Return the command that runs a program, or `-m module`, on raddle."""
    return [sys.executable, "-m", "raddle", "run", *options, *map(str, arguments)]


def alarms(text):
    """Return the lines that raddle has printed, whatever they say."""
    return [line for line in text.splitlines() if line.lstrip("\r .").startswith("raddle:")]


class Program:
    """A program that runs until it is told to end; what it prints is in a file."""

    def __init__(self, arguments, options, folder, more=None):
        self._log = Path(folder, "log")
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                command(arguments, options),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=environment(**more or {}),
                start_new_session=True,
            )

    def text(self):
        """Return what it has printed so far."""
        return self._log.read_text("utf-8", "replace")

    def says(self, pattern):
        """Wait until it has printed what matches; return the match."""
        limit = time.monotonic() + PATIENCE
        while (match := re.search(pattern, self.text())) is None:
            gone = self._process.poll() is not None
            check(not gone and time.monotonic() < limit, f"no {pattern!r} in:\n{self.text()}")
            time.sleep(0.02)
        return match

    def end(self, number, code=0):
        """Send a signal; the program has to end with this code, and to have been silent."""
        maps = Path(f"/proc/{self._process.pid}/maps").read_text()
        check("_raddle" in maps, "it does not run on raddle")
        self._process.send_signal(number)
        try:
            ended = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Wrong(f"it does not end:\n{self.text()}") from None
        text = self.text()
        check(ended == code, f"it ended with {ended}, not {code}:\n{text}")
        check(not alarms(text), f"raddle said:\n{text}")
        check("Traceback" not in text, f"it printed a traceback:\n{text}")

    def kill(self):
        """End it and all that it has started, if they are there."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@contextlib.contextmanager
def running(*arguments):
    """Run a program as Program does; end it whatever happens."""
    program = Program(*arguments)
    try:
        yield program
    finally:
        program.kill()


def run(arguments, options, folder, **more):
    """Run a program to its end, silently; return what it printed."""
    done = subprocess.run(
        command(arguments, options),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        cwd=folder,
        env=environment(**more),
    )
    right = done.returncode == 0 and not done.stderr
    check(right, f"it ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def load(url, paths):
    """Ask for paths from many threads, each on its connection; return how many were right.

    `paths` has what each has to answer, as JSON.
    """
    address = urlsplit(url).netloc

    def ask(client):
        connection = http.client.HTTPConnection(address, timeout=PATIENCE)
        right = 0
        for number in range(EACH):
            path = list(paths)[(client + number) % len(paths)]
            connection.request("GET", path)
            right += connection.getresponse().read().strip() == str(paths[path]).encode()
        connection.close()
        return right

    with ThreadPoolExecutor(CLIENTS) as pool:
        return sum(pool.map(ask, range(CLIENTS)))
