"""`raddle explore` and `raddle replay`: a program under many schedules, or under one."""

import hashlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time

RUNS = 200
TRIES = 40  # runs that make a failure small
PATIENCE = 600  # seconds until a run is given up


class Misused(Exception):
    """The command line says what cannot be done; the text says why."""


def explore(rest):
    """Run the program that `rest` names again and again; return 1 if a run has failed, or 0.

    Each run has a process of its own. The different outcomes are told, each with a token.
    """
    runs, seconds, rest = _options(rest)
    found, count = {}, 0
    until = None if seconds is None else time.monotonic() + seconds
    steps = 20
    with tempfile.TemporaryDirectory(prefix="raddle-") as folder:
        while count < runs and (until is None or time.monotonic() < until):
            done, run = _run(rest, _strategy(count, steps), folder)
            count, steps = count + 1, max(steps, run.get("steps", 0))
            outcome = _outcome(done, run)
            times, first = found.get(outcome, (0, run))
            found[outcome] = times + 1, first
            if not run.get("choices") and count == 1:
                break  # There is one schedule.
        for outcome, (times, run) in found.items():
            if outcome[0] and run.get("choices"):
                run["choices"] = _smaller(run["choices"], outcome, rest, folder)
                found[outcome] = times, run
    return _tell(found, count, rest)


def _smaller(choices, outcome, rest, folder):
    """Return fewer choices that lead to the same outcome."""
    from raddle import _raddle

    def fails(some):
        return _outcome(*_run(rest, {"kind": "replay", "choices": some}, folder)) == outcome

    return _raddle._smallest(choices, TRIES, fails)


def replay(rest):
    """Run a program under the schedule of a token, and tell its steps; return its status."""
    from raddle._explore import token

    if len(rest) < 2:
        raise Misused("replay needs a token, as explore tells it, and a program")
    try:
        choices = token.decode(rest[0])
    except ValueError as error:
        raise Misused(str(error)) from None
    with tempfile.TemporaryDirectory(prefix="raddle-") as folder:
        given = {"kind": "replay", "choices": choices, "tell": True}
        return _start(rest[1:], given, folder, stdout=None, stderr=None)[0].returncode


def _options(rest):
    runs, seconds = RUNS, None
    rest = list(rest)
    while rest and rest[0].startswith("--"):
        option, is_given, word = rest.pop(0).partition("=")
        if option not in ("--runs", "--seconds"):
            raise Misused(f"explore has no option {option!r}; it has --runs and --seconds")
        if not is_given:
            word = rest.pop(0) if rest else ""
        try:
            number = int(word) if option == "--runs" else float(word)
        except ValueError:
            number = 0
        if not 0 < number < float("inf"):
            raise Misused(f"{option} is a number above 0, not {word!r}")
        if option == "--runs":
            runs = number
        else:
            runs, seconds = 1_000_000_000, number
    if not rest:
        raise Misused("explore needs a program: raddle explore app.py")
    return runs, seconds, rest


def _strategy(number, steps):
    """Return what chooses in the run with this number."""
    if number == 0:
        return {"kind": "replay"}
    kind = ("random", "depth", "pos", "depth")[number % 4]
    return {"kind": kind, "seed": number, "depth": 2 + number // 2 % 2, "steps": steps}


def _run(rest, strategy, folder):
    pipe = subprocess.PIPE
    return _start(rest, strategy, folder, stdout=pipe, stderr=pipe)


def _start(rest, strategy, folder, **streams):
    """Run the program under a schedule; return how it ended, and what the run was like."""
    to = os.path.join(folder, "run")
    given = {"seed": 0, "depth": 1, "steps": 1, "choices": [], "tell": False, "to": to}
    environment = {
        **os.environ,
        "RADDLE": "0",  # Until the run begins.
        "RADDLE_SCHEDULE": json.dumps({**given, **strategy}),
    }
    command = [sys.executable, "-m", "raddle._explore.program", *rest]
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, timeout=PATIENCE, **streams
        )
    except subprocess.TimeoutExpired as late:
        done = subprocess.CompletedProcess(command, None, late.stdout, late.stderr)
    try:
        with open(to) as file:
            run = json.load(file)
        os.remove(to)
    except (OSError, ValueError):
        run = {}  # It ended itself in the middle.
    return done, run


def _outcome(done, run):
    """Return what tells one end of a program from another: (failed, text, output)."""
    out = hashlib.sha256(done.stdout or b"").hexdigest()[:8]
    if run.get("stuck"):
        return True, "all threads wait for each other", out
    lines = [
        line for line in (done.stderr or b"").decode(errors="replace").splitlines() if line
    ]
    if done.returncode is None:
        return True, f"had not ended after {PATIENCE} s", out
    if run.get("error"):
        return True, run["error"], out
    if done.returncode:
        last = f": {lines[-1]}" if lines else ""
        return True, f"exit code {done.returncode}{last}", out
    return False, "exit code 0", out


def _tell(found, count, rest):
    from raddle._explore import token

    schedules = f"{count} schedule{'s' * (count != 1)}"
    print(f"raddle: {schedules}, {len(found)} outcome{'s' * (len(found) != 1)}")
    outputs = {out for _, _, out in found}
    failed = False
    for (bad, text, out), (times, run) in sorted(found.items(), key=lambda each: -each[1][0]):
        failed |= bad
        output = f", output {out}" if len(outputs) > 1 else ""
        outside = ", best effort" if run.get("outside") else ""
        print(f"  {times:>6} x  {text[:100]}{output}{outside}")
        if run.get("choices") is not None:
            print(
                f"            raddle replay {token.encode(run['choices'])} {shlex.join(rest)}"
            )
    return 1 if failed else 0
