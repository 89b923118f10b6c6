"""Ctrl-C: one is enough, on every backend, and nobody is left behind."""

import concurrent.futures
import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import kinds
import pytest
from paths import SUPPORT
from raddle._map.backends.base import Job
from raddle._map.message_map import MessageMap

pytestmark = pytest.mark.raddle_only

PROGRAM = """
import faulthandler, itertools, signal, time
import raddle, tasks
faulthandler.register(signal.SIGUSR1, all_threads=True)
def main(fn):
    results = raddle.map(fn, itertools.count(), workers=2, backend={kind!r})
    print("ready", flush=True)
    {use}
main(tasks.{task})
"""
USES = {"taking": "for _ in results: pass", "holding": "while True: time.sleep(0.1)"}


def family(pid):
    """Return the processes below one, as (pid, start time), so that no number is reused."""
    parents = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            if entry.name.isdigit():
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(fields[1]), fields[19]
    found, look = set(), {pid}
    while look:
        look = {child for child, (parent, _) in parents.items() if parent in look}
        found |= {(child, parents[child][1]) for child in look}
    return found


def living(members):
    """Return those of a family that are still there, and not just unburied."""
    left = set()
    for pid, began in members:
        with contextlib.suppress(OSError, IndexError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            if fields[19] == began and fields[0] not in "ZX":
                left.add((pid, began))
    return left


@pytest.mark.skipif(sys.platform != "linux", reason="counts processes in /proc")
@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("task", ["spin", "nap", "brief"])
@pytest.mark.parametrize("kind", kinds.KINDS)
def test_one_ctrl_c_ends_a_map_and_its_workers(kind, task, use, until):
    code = kinds.before(kind) + PROGRAM.format(kind=kind, task=task, use=USES[use])
    environment = {**os.environ, "PYTHONPATH": str(SUPPORT)}
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    try:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
        if kinds.real(kind) in ("threads", "interpreters"):
            until(lambda: len(os.listdir(f"/proc/{process.pid}/task")) >= 3, "two workers")
        else:
            until(lambda: len(family(process.pid)) >= 2, "two workers")
        members = family(process.pid)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them, once
        try:
            _, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGUSR1)  # where it hangs
            time.sleep(1)
            process.kill()
            pytest.fail(process.communicate()[1])
    finally:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGINT, err
    assert err.splitlines()[-1] == "KeyboardInterrupt"
    assert err.count("Traceback") == 1, err
    until(lambda: not living(members), "the end of the workers")


STUCK = """
import os, signal, sys
import raddle, tasks
signal.signal(signal.SIGINT, signal.default_int_handler)
results = raddle.map(tasks.touch_and_sleep, sys.argv[1:], workers=2, backend={kind!r})
for path in sys.argv[1:]:
    tasks.wait_for(path)
os.kill(os.getpid(), signal.SIGINT)
"""


@pytest.mark.parametrize("kind", kinds.LOCAL)
def test_exit_does_not_wait_for_a_task_in_c_code_after_a_ctrl_c(kind, child, tmp_path):
    paths = [str(tmp_path / name) for name in "ab"]
    code = kinds.before(kind) + STUCK.format(kind=kind)
    done = child(code, env={"PYTHONPATH": str(SUPPORT)}, arguments=paths, check=False)
    assert done.returncode == -signal.SIGINT, done
    assert done.stderr.splitlines()[-1] == "KeyboardInterrupt", done


CAUGHT = """
import itertools, os, signal, threading, time
import raddle, tasks
with raddle.Pool(2, {kind!r}) as pool:
    list(pool.map(tasks.square, range(4)))
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        for _ in pool.map(tasks.{task}, itertools.count()):
            pass
    except KeyboardInterrupt:
        print("caught")
    print(list(pool.map(tasks.square, range(5))))
"""


@pytest.mark.parametrize("task", ["spin", "brief"])
@pytest.mark.parametrize("kind", kinds.LOCAL)
def test_a_pool_can_be_used_after_a_ctrl_c_that_was_caught(kind, task, child):
    code = kinds.before(kind) + CAUGHT.format(kind=kind, task=task)
    began = time.monotonic()
    done = child(code, env={"PYTHONPATH": str(SUPPORT)})
    assert done.stdout == "caught\n[0, 1, 4, 9, 16]\n"
    assert time.monotonic() - began < 60


PROMPT = """
import faulthandler, os, signal, sys, tempfile, threading, time
import raddle, tasks
faulthandler.dump_traceback_later(100, exit=True)
signal.signal(signal.SIGINT, signal.default_int_handler)

def interrupt(paths):
    while not all(map(os.path.exists, paths)):
        time.sleep(0.002)
    sent.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)

def rounds():
    for _ in range(5):
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, str(n)) for n in range(20)]
            threading.Thread(target=interrupt, args=[paths[:2]]).start()
            try:
                list(raddle.map(tasks.touch_and_nap, paths, workers=2, backend={kind!r}))
            except KeyboardInterrupt:
                yield time.monotonic() - sent[-1]
            while [each for each in threading.enumerate() if each.name.startswith("raddle-")]:
                time.sleep(0.002)
            assert sorted(os.listdir(folder)) == ["0", "1"]

if __name__ == "__main__":
    sent = []
    for took in rounds():
        print(took)
"""


@pytest.mark.parametrize("kind", kinds.LOCAL)
def test_ctrl_c_leaves_a_map_within_half_a_second(kind, child):
    environment = {"PYTHONPATH": str(SUPPORT)}
    done = child(kinds.before(kind) + PROMPT.format(kind=kind), env=environment)
    took = [float(line) for line in done.stdout.splitlines()]
    assert len(took) == 5
    # Each task takes a minute. A busy machine may hold up a round, but not all of them. (That
    # no worker is left was waited for: the child would have hung.)
    assert min(took) < 0.5, took


class Interrupted(Job):
    """Messages whose results do not come; the program is interrupted while it looks why."""

    def send(self, message, done):
        message.future = concurrent.futures.Future()

    def is_cancelled(self):
        raise KeyboardInterrupt


def test_an_interrupt_between_two_looks_is_shown_alone():
    window = MessageMap(Interrupted(), iter([(1,)]), 1, None, True, True)
    window.fill()
    with pytest.raises(KeyboardInterrupt) as caught:
        window.next(None)
    assert caught.value.__context__ is None
