"""The conformance runner's processes: ended whole, started with clean signals and names."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import launch
import origin
import pytest

HERE = Path(__file__).parent

# The grandchild says on the pipe that it has it open; the test ends when nobody has.
GRANDCHILD = """
import signal
with open({pipe!r}, "w") as file:
    print("open", file=file, flush=True)
    print(flush=True)
    signal.pause()
"""
STALL = """
import signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {grandchild!r}], stdout=subprocess.PIPE)
child.stdout.readline()
print("test_stuck (test.test_sample.A.test_stuck) ... ", end="", flush=True)
signal.pause()
"""
REPORT = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"


def test_a_stalled_process_is_ended_with_all_that_it_started(tmp_path):
    pipe = str(tmp_path / "pipe")
    os.mkfifo(pipe)
    stall = STALL.format(grandchild=GRANDCHILD.format(pipe=pipe))
    descriptor = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    ended = launch.watch([sys.executable, "-c", stall], dict(os.environ), tmp_path, 10.0)
    assert ended.stalled and ended.stdout.startswith("test_stuck")
    os.set_blocking(descriptor, True)
    with os.fdopen(descriptor) as file:
        assert file.read() == "open\n"


def test_an_ended_process_gives_its_status_and_output(tmp_path):
    code = "import os, sys; print('out', flush=True); os.abort()"
    ended = launch.watch([sys.executable, "-c", code], dict(os.environ), tmp_path, 120.0)
    assert (ended.status, ended.stalled) == (-signal.SIGABRT, False)
    assert ended.stdout == "out\n"


def test_children_get_sigint_back_that_a_background_job_ignores():
    code = f"import launch, subprocess, sys; launch.restore_signals()\n\
subprocess.run([sys.executable, '-c', {REPORT!r}], check=True)"
    done = subprocess.run(
        ["sh", "-c", 'trap "" INT; exec "$0" -c "$1"', sys.executable, code],
        env={**os.environ, "PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == "True\n", done.stderr


def test_both_sides_start_without_the_callers_python_settings(monkeypatch):
    for name in ("PYTHONPATH", "PYTHONSAFEPATH", "RADDLE", "RADDLE_PYTHONS", "FORCE_COLOR"):
        monkeypatch.setenv(name, "1")
    stock, raddle = launch.environment(False), launch.environment(True)
    assert not [name for name in stock if name.startswith(("PYTHON", "RADDLE"))]
    assert "FORCE_COLOR" not in stock
    told = {"RADDLE_ON_DEADLOCK": "raise", "RADDLE_LOCK_ORDER": "1"}
    assert raddle == {**stock, "RADDLE": "1", **told}


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_lock_order_that_is_told_is_no_good_run(stream):
    ended = launch.Ended(0, False, "", "")
    assert launch._order(ended).good
    ended = dataclasses.replace(ended, **{stream: f"...\n{launch.ORDER} a and b\n"})
    told = launch._order(ended)
    assert told.detail.startswith(launch.ORDER) and not told.good


CAUGHT = """
import threading

lock = threading.Lock()
for _ in range({0}):
    try:
        with lock, lock:
            pass
    except RuntimeError:
        pass
"""


@pytest.mark.parametrize("times", [0, 1])
def test_a_deadlock_that_is_told_is_no_good_run_though_it_is_caught(times, tmp_path):
    witness = tmp_path / "witness.json"
    named = {"PYTHONPATH": str(HERE / "witness"), "CONFORMANCE_WITNESS": str(witness)}
    env = launch.environment(True) | named
    code = CAUGHT.format(times)
    subprocess.run([sys.executable, "-c", code], env=env, check=True, timeout=120)
    told = origin.complaints(json.loads(witness.read_text()), raddle=True)
    told = [each for each in told if not each.startswith("not replaced")]
    assert len(told) == times
    assert all(each.startswith("told of a deadlock: MainThread holds lock") for each in told)
