"""A real program: `python -m http.server`, loaded from another process."""

import contextlib
import hashlib
import json
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT

SERVER = ROOT / "examples" / "server"
PATIENCE = 120  # seconds until a state that does not appear counts as never
REQUESTS = 3000

PLAIN = [sys.executable]
RADDLE = [sys.executable, "-m", "raddle", "run"]

SIZES = [0, 1, 100, 1460, 4096, 4097, 20_000, 65_536, 65_537, 300_000]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files of many sizes, no two alike, reproducible."""
    home = tmp_path_factory.mktemp("site")
    for number, size in enumerate(SIZES):
        block = hashlib.sha256(str(number).encode()).digest()
        data = (block * (size // len(block) + 1))[:size]
        (home / f"file {number}.bin").write_bytes(data)
    return home


def environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "RADDLE"))}
    return {**kept, "PYTHONUNBUFFERED": "1"}  # we wait for the line with the address


def line_from(process: subprocess.Popen) -> str:
    """Return the first line that `process` prints; fail if it ends or takes too long."""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        assert selector.select(PATIENCE), "the server printed nothing"
    return process.stdout.readline()


@contextlib.contextmanager
def serving(command: list[str], folder: Path, log: Path, **env: str):
    """Run a server on a free port of loopback; yield the process and its address."""
    options = ["0", "--bind", "127.0.0.1", "--directory", str(folder)]
    with (
        open(log, "w") as errors,
        subprocess.Popen(
            [*command, *options],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**environment(), **env},
        ) as process,
    ):
        try:
            line = line_from(process)
            match = re.search(r"\((http://127\.0\.0\.1:\d+/)\)", line)
            assert match, f"no address in {line!r}; {log.read_text()}"
            yield process, match[1]
        finally:
            if process.poll() is None:
                process.kill()


def load(url: str, folder: Path, *options: str) -> dict:
    """Load the server from another process and return what that process saw."""
    done = subprocess.run(
        [sys.executable, str(SERVER / "load.py"), url, str(folder), *options],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=environment(),
    )
    assert done.stdout, done.stderr
    summary = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, ""), summary
    return summary


def interrupt(process: subprocess.Popen) -> tuple[int, str]:
    """Press Ctrl-C; return the exit code and what was still printed."""
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, out


def stopped_by_hand(command: list[str], folder: Path, log: Path, requests: int = 50):
    with serving(command, folder, log) as (process, url):
        load(url, folder, "--requests", str(requests))
        return interrupt(process)


@pytest.mark.raddle_only
def test_every_response_is_right_with_a_thread_for_each_request(folder, tmp_path):
    log = tmp_path / "log"
    with serving([*RADDLE, "-m", "http.server"], folder, log) as (process, url):
        seen = load(url, folder, "--requests", str(REQUESTS), "--reuse", "1")
        assert interrupt(process)[0] == 0
    assert (seen["checked"], seen["wrong"]) == (REQUESTS, 0)
    assert seen["connections"] == REQUESTS
    assert log.read_text().count('" 200 -') == REQUESTS
    assert "Traceback" not in log.read_text()


@pytest.mark.raddle_only
def test_every_response_is_right_over_connections_that_are_kept_open(folder, tmp_path):
    log = tmp_path / "log"
    command = [*RADDLE, "-m", "http.server", "--protocol", "HTTP/1.1"]
    with serving(command, folder, log) as (process, url):
        seen = load(url, folder, "--requests", "1000", "--reuse", "20")
        assert interrupt(process)[0] == 0
    assert (seen["checked"], seen["wrong"]) == (1000, 0)
    assert seen["connections"] == 1000 // 20
    assert "Traceback" not in log.read_text()


@pytest.mark.raddle_only
def test_no_wait_and_no_order_of_a_real_server_is_told(folder, tmp_path):
    log, raised = tmp_path / "log", {"RADDLE_ON_DEADLOCK": "raise"}
    with serving([*RADDLE, "--check", "-m", "http.server"], folder, log, **raised) as served:
        process, url = served
        seen = load(url, folder, "--requests", "1000", "--reuse", "1")
        assert interrupt(process)[0] == 0
    assert (seen["checked"], seen["wrong"]) == (1000, 0)
    assert "Traceback" not in log.read_text() and "raddle:" not in log.read_text()


@pytest.mark.raddle_only
def test_two_clients_at_once_get_every_response(folder, tmp_path):
    log = tmp_path / "log"
    with serving([*RADDLE, "-m", "http.server"], folder, log) as (process, url):
        command = [sys.executable, str(SERVER / "load.py"), url, str(folder)]
        command += ["--requests", "500", "--connections", "2"]
        clients = [
            subprocess.Popen(command, stdout=subprocess.PIPE, env=environment())
            for _ in range(2)
        ]
        seen = [json.loads(client.communicate(timeout=PATIENCE)[0]) for client in clients]
        assert interrupt(process)[0] == 0
    assert [(each["checked"], each["wrong"]) for each in seen] == [(500, 0)] * 2


@pytest.mark.raddle_only
def test_ctrl_c_stops_the_server_as_it_does_under_plain_python(folder, tmp_path):
    module = ["-m", "http.server"]
    ours = stopped_by_hand([*RADDLE, *module], folder, tmp_path / "ours")
    theirs = stopped_by_hand([*PLAIN, *module], folder, tmp_path / "theirs")
    assert ours == theirs == (0, "\nKeyboard interrupt received, exiting.\n")
    for log in ("ours", "theirs"):
        lines = (tmp_path / log).read_text().splitlines()
        assert all(" 200 -" in line for line in lines), lines


@pytest.mark.raddle_only
def test_ctrl_c_stops_an_idle_server_with_a_connection_still_open(folder, tmp_path):
    command = [*RADDLE, "-m", "http.server", "--protocol", "HTTP/1.1"]
    with serving(command, folder, tmp_path / "log") as (process, url):
        port = int(url.rstrip("/").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
            client.sendall(b"GET /file%201.bin HTTP/1.1\r\nHost: here\r\n\r\n")
            assert client.recv(9) == b"HTTP/1.1 "  # a daemon thread now waits in recv()
            assert interrupt(process)[0] == 0


def witnessed(command: list[str], folder: Path, log: Path) -> dict:
    with serving([*command, str(SERVER / "witness.py")], folder, log) as (process, url):
        load(url, folder, "--requests", "200", "--reuse", "1")
        code, _ = interrupt(process)
    text = log.read_text()
    assert code == 0, text
    (line,) = [line for line in text.splitlines() if line.startswith("witness: ")]
    return json.loads(line.removeprefix("witness: "))


@pytest.mark.raddle_only
def test_the_threads_that_serve_are_raddles(folder, tmp_path):
    import raddle.threading

    seen = witnessed(RADDLE, folder, tmp_path / "log")
    assert seen["births"] == {raddle.threading.__file__: 200}
    assert seen["start"] == raddle.threading.__file__
    assert seen["classes"] == {"Thread": 200}


def test_the_witness_tells_plain_threads_from_raddles(folder, tmp_path):
    seen = witnessed(PLAIN, folder, tmp_path / "log")
    assert seen["births"] == {seen["start"]: 200}
    assert "raddle" not in seen["start"].split(os.sep)


def test_the_load_program_notices_a_wrong_body(folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    for path in folder.iterdir():
        (other / path.name).write_bytes(path.read_bytes() + b"!")
    with serving([*PLAIN, "-m", "http.server"], other, tmp_path / "log") as (process, url):
        command = [sys.executable, str(SERVER / "load.py"), url, str(folder)]
        done = subprocess.run(
            [*command, "--requests", "20"], capture_output=True, text=True, timeout=PATIENCE
        )
        assert interrupt(process)[0] == 0
    assert done.returncode == 1
    assert json.loads(done.stdout)["wrong"] == 20
