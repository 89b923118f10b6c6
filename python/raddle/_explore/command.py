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
RACE_RUNS = 30  # for each race
TRIES = 40  # runs that make a failure small
INTERRUPTED = 130  # the status of a command that Ctrl-C has ended
PATIENCE = 600  # seconds until a run is given up


class Misused(Exception):
    """The command line says what cannot be done; the text says why."""


def explore(rest):
    """Run the program that `rest` names again and again; return 1 if a run has failed, or 0.

    Each run has a process of its own. The different outcomes are told, each with a token.
    """
    runs, seconds, race, rest = _options(rest)
    until = None if seconds is None else time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="raddle-") as folder:
        ends, verdicts, status = _Ends(rest, folder, race), [], None
        try:
            ends.look(runs, until)
            for name, places in list(ends.races.items()):
                verdicts.append(ends.try_both(name, places, until))
            ends.make_small()
        except KeyboardInterrupt:
            status = INTERRUPTED
    for each in verdicts:
        print(each)
    failed = _tell(ends.found, ends.count, rest) or any(": confirmed: " in v for v in verdicts)
    return int(failed) if status is None else status


class _Ends:
    """The different ends of a program: `found` has how often each came, and one run of it."""

    def __init__(self, rest, folder, race):
        self._rest, self._folder, self._race = rest, folder, race
        self.found, self.races, self.count, self._steps = {}, {}, 0, 20

    def look(self, runs, until, places=(), enough=None):
        """Make so many runs, or until enough(seen); return the outcomes that were seen.

        Accesses in the lines `places` are points.
        """
        seen = {}
        for number in range(runs):
            if (until is not None and time.monotonic() > until) or (enough and enough(seen)):
                break
            strategy = {**_strategy(number, self._steps), "places": list(places)}
            done, run = self._run(strategy)
            self.count, self._steps = self.count + 1, max(self._steps, run.get("steps", 0))
            for name, lines in run.get("races", {}).items():
                self.races.setdefault(name, lines)
            outcome = _outcome(done, run)
            times, first = self.found.get(outcome, (0, run))
            self.found[outcome] = times + 1, first
            seen.setdefault(outcome, number)
            if run.get("choices") == [] and number == 0:
                break  # There is one schedule.
        return seen

    def try_both(self, name, places, until):
        """Try both orders of a race; return what that has come to."""
        before = set(self.found)

        def failed(seen):
            return [each[1] for each in seen if each[0] and each not in before]

        def outputs(seen):
            return {out for _, _, out in seen}

        seen = self.look(
            RACE_RUNS, until, places, lambda seen: failed(seen) or len(outputs(seen)) > 1
        )
        if failed(seen):
            how = f"confirmed: 1 of 2 orders ends with {failed(seen)[0]}"
        elif len(outputs(seen)) > 1:
            how = "confirmed: the output depends on the order"
        else:
            how = "possible: nothing depends on the order, as far as seen"
        return f"raddle: race: {name}: {how}"

    def make_small(self):
        """Leave as few switches as are found in each failure."""
        for outcome, (times, run) in self.found.items():
            if outcome[0] and run.get("choices"):
                run["choices"] = self._smaller(run, outcome)
                self.found[outcome] = times, run

    def _smaller(self, run, outcome):
        from raddle import _raddle

        def fails(some):
            again = {"kind": "replay", "choices": some, "places": run["places"]}
            return _outcome(*self._run(again)) == outcome

        return _raddle._smallest(run["choices"], TRIES, fails)

    def _run(self, strategy):
        pipe = subprocess.PIPE
        given = {**strategy, "race": self._race}
        return _start(self._rest, given, self._folder, stdout=pipe, stderr=pipe)


def replay(rest):
    """Run a program under the schedule of a token, and tell its steps; return its status."""
    from raddle._explore import token

    if len(rest) < 2:
        raise Misused("replay needs a token, as explore tells it, and a program")
    try:
        choices, places = token.decode(rest[0])
    except ValueError as error:
        raise Misused(str(error)) from None
    _check_program(rest[1:], "replay")
    with tempfile.TemporaryDirectory(prefix="raddle-") as folder:
        given = {
            "kind": "replay",
            "choices": choices,
            "places": sorted(places),
            "race": bool(places),
            "tell": True,
        }
        streams = dict.fromkeys(("stdin", "stdout", "stderr"))  # They are this command's.
        return _start(rest[1:], given, folder, **streams)[0].returncode


def _options(rest):
    runs, seconds, race = RUNS, None, False
    rest = list(rest)
    while rest and rest[0].startswith("--"):
        option, is_given, word = rest.pop(0).partition("=")
        if option == "--race":
            race = word if is_given else True
            continue
        if option not in ("--runs", "--seconds"):
            raise Misused(
                f"explore has no option {option!r}; it has --runs, --seconds and --race"
            )
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
    _check_program(rest, "explore")
    if race:
        from raddle._diagnose.race import settings

        if why := settings.refusal():
            raise Misused(why)
    return runs, seconds, race, rest


def _check_program(rest, command):
    if not rest:
        raise Misused(f"{command} needs a program: raddle {command} app.py")
    if rest[0] not in ("-c", "-m") and not os.path.exists(rest[0]):
        raise Misused(f"there is no program {rest[0]!r}")


def _strategy(number, steps):
    """Return what chooses in the run with this number."""
    if number == 0:
        return {"kind": "replay"}
    kind = ("random", "depth", "pos", "depth")[number % 4]
    return {"kind": kind, "seed": number, "depth": 2 + number // 2 % 2, "steps": steps}


def _start(rest, strategy, folder, **streams):
    """Run the program under a schedule; return how it ended, and what the run was like."""
    to = os.path.join(folder, "run")
    given = {"seed": 0, "depth": 1, "steps": 1, "choices": [], "places": [], "race": False}
    given |= {"tell": False, "to": to}
    asked = os.path.join(folder, "asked")
    with open(asked, "w") as file:
        json.dump({**given, **strategy}, file)
    environment = {
        **os.environ,
        "RADDLE": "0",  # Until the run begins.
        "RADDLE_SCHEDULE": asked,
    }
    command = [sys.executable, "-m", "raddle._explore.program", *rest]
    try:
        streams = {"stdin": subprocess.DEVNULL, **streams}
        done = subprocess.run(command, env=environment, timeout=PATIENCE, **streams)
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


def _word(run):
    from raddle._explore import token

    return token.encode(run["choices"], map(tuple, run["places"]))


def _tell(found, count, rest):
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
            print(f"            raddle replay {_word(run)} {shlex.join(rest)}")
    return 1 if failed else 0
