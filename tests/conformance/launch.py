"""Run one of CPython's test modules in one process of its own and collect what came of it.

The module runs through `python -m test`, as CPython's developers run it. A crash or a hang
ends that process only: the tests after it are then run in a fresh one, so that one bad
test costs one result and not the rest of the module.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ending

HERE = Path(__file__).parent
# From 3.13 on, the thread tests that reserve stacks are skipped unless regrtest is told that
# it may use that much; they reserve address space and use little of it.
MEMORY = "4g"
# After so many deaths the rest of a module stays missing; a hang costs the whole timeout.
CRASHES = 30
HANGS = 5
ORDER = "raddle: lock order:"  # how raddle's report of one begins


@dataclasses.dataclass
class Ended:
    """How a process ended: `status` as subprocess gives it, or `stalled`."""

    status: int
    stalled: bool
    stdout: str
    stderr: str


@dataclasses.dataclass
class Run:
    """One module run once on one side: `tests` by id, `process` for the process itself."""

    tests: dict[str, ending.Outcome]
    process: ending.Outcome
    witness: dict | None
    seconds: float


def environment(raddle: bool) -> dict[str, str]:
    """Return the caller's environment less what would make the two sides differ."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "RADDLE")) and name not in ("FORCE_COLOR", "TMPDIR")
    }
    if raddle:
        kept["RADDLE"] = "1"
        # A deadlock that is none would fail a test that passes stock.
        kept["RADDLE_ON_DEADLOCK"] = "raise"
        # Nor does a test of the interpreter's own take locks in orders that contradict.
        kept["RADDLE_LOCK_ORDER"] = "1"
    return kept


def restore_signals() -> None:
    """Undo what a shell's background job leaves to its children: SIGINT ignored."""
    # A handler, unlike SIG_IGN, isn't inherited over exec: the child starts with the default.
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _progress(path: Path) -> int:
    return ending.started(path.read_text("utf-8", "replace"))


def watch(command: list[str], env: dict[str, str], folder: Path, timeout: float) -> Ended:
    """Run `command` in a session of its own; end it after `timeout` seconds without a new test.

    The whole process group is ended with it, and nothing outside of that group.
    """
    out, err = folder / "stdout", folder / "stderr"
    with open(out, "wb") as stdout, open(err, "wb") as stderr:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            cwd=folder,
            env=env,
            start_new_session=True,
        )
    stalled = False
    try:
        seen, deadline = -1, time.monotonic() + timeout
        while not _over(process.pid):
            if (now := _progress(out)) != seen:
                seen, deadline = now, time.monotonic() + timeout
            elif time.monotonic() > deadline:
                stalled = True
                # regrtest answers SIGUSR1 with every thread's traceback, then dies of it.
                os.kill(process.pid, signal.SIGUSR1)
                late = time.monotonic() + 5
                while not _over(process.pid) and time.monotonic() < late:
                    time.sleep(0.05)
                break
            time.sleep(0.05)
    finally:
        # The leader is still a zombie at most, so its number still names this group alone.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
    read = [path.read_text("utf-8", "replace") for path in (out, err)]
    return Ended(status, stalled, *read)


def _over(process: int) -> bool:
    return os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def run(
    module: str,
    raddle: bool,
    timeout: float,
    match: list[str] | None = None,
    python: str = sys.executable,
    mirror=None,
) -> Run:
    """Run `module` once with or without raddle; `match` picks tests as regrtest's -m does."""
    begun = time.monotonic()
    tests: dict[str, ending.Outcome] = {}
    process, witness = ending.Outcome("ok"), None
    crashes = hangs = 0
    while True:
        with tempfile.TemporaryDirectory(prefix="conformance-") as name:
            folder = Path(name)
            ended, part, witness = _once(
                module, raddle, timeout, match, python, folder, list(tests)
            )
        if mirror is not None:
            mirror.write(ended.stdout + ended.stderr)
        found = ending.collect(ended.stdout, part, _ending(ended))
        process = ending.worst(process, _order(ended))
        for test, result in found.tests.items():
            tests.setdefault(test, result)
        process = ending.worst(process, found.process)
        hangs += ended.stalled
        crashes += not ended.stalled
        if not found.unfinished or hangs >= HANGS or crashes >= CRASHES:
            break
    return Run(tests, process, witness, time.monotonic() - begun)


def _once(module, raddle, timeout, match, python, folder: Path, done: list[str]):
    scratch, work = folder / "tmp", folder / "work"
    scratch.mkdir()
    work.mkdir()
    report, witness = folder / "junit.xml", folder / "witness.json"
    command = [python, "-m", "test", "-v", "--fail-env-changed", "-M", MEMORY]
    command += ["-u", "cpu"]  # Tests that need much of it; one forks beside busy executors.
    command += ["--junit-xml", str(report), "--tempdir", str(work)]
    for pattern in match or ():
        command += ["-m", pattern]
    if done:
        # After -m: where both speak of a test, the later one wins.
        (folder / "done").write_text("".join(f"{test}\n" for test in done))
        command += ["--ignorefile", str(folder / "done")]
    env = environment(raddle)
    env |= {
        "TMPDIR": str(scratch),
        "PYTHONPATH": str(HERE / "witness"),
        "CONFORMANCE_WITNESS": str(witness),
    }
    ended = watch([*command, module], env, folder, timeout)
    part = report.read_text("utf-8") if report.exists() else None
    seen = json.loads(witness.read_text("utf-8")) if witness.exists() else None
    return ended, part, seen


def _order(ended: Ended) -> ending.Outcome:
    """Return "altered" if raddle told of a lock order, which fails no test by itself."""
    for text in (ended.stderr, ended.stdout):
        if ORDER in text:
            return ending.Outcome("altered", text[text.index(ORDER) :][:4000])
    return ending.Outcome("ok")


def _ending(ended: Ended) -> ending.Outcome:
    if ended.stalled:
        return ending.Outcome("hang", ending.tail(ended.stderr))
    if ended.status < 0:
        name = signal.Signals(-ended.status).name
        return ending.Outcome("crash", f"{name}\n{ending.tail(ended.stderr)}")
    meaning = ending.EXITS.get(ended.status)
    if meaning is None:
        return ending.Outcome("crash", f"exit {ended.status}\n{ending.tail(ended.stderr)}")
    if meaning == "ok":
        return ending.Outcome("ok")
    return ending.Outcome(meaning, ending.reason(ended.stdout, ended.stderr))
