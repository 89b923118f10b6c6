"""The gallery of races: what each program's header says, and what is told of it.

`python tests/support/races.py update/counter...` shows what is told.
"""

import re
import subprocess
import sys

from paths import TESTS
from programs import PATIENCE, RADDLE, environment

HERE = TESTS / "races"
RACY = sorted(path.relative_to(HERE / "racy").as_posix() for path in HERE.glob("racy/*/*.py"))
QUIET = sorted(path.name for path in HERE.glob("quiet/*.py"))
KINDS = {
    "an update can be lost": "update",
    "it is checked, then acted upon": "check",
    "it is changed while it is walked": "walk",
    "nothing says which comes first": "unordered",
}
_HEAD = re.compile(rf"raddle: race: (.*): ({'|'.join(KINDS)})")
_PLACE = re.compile(r"^      (\S+):(\d+) in ", re.MULTILINE)

RACE = [*RADDLE, "--race"]

# Two threads that count; what follows sees how that was told.
COUNTED = """
import threading, sys

class Stats:
    hits = 0

def count():
    Stats.hits += 1

def run(*targets):
    threads = [threading.Thread(target=each) for each in targets]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

run(count, count)
"""


def run(path, *options, by=RADDLE):
    """Run a program; return (exit code, stdout, stderr)."""
    done = subprocess.run(
        [*by, *options, path.name],
        cwd=path.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=environment(PYTHONWARNINGS="ignore"),
    )
    return done.returncode, done.stdout, done.stderr


def header(path):
    """Return (what must be told, what may be: sets of "KIND NAME"; and the racing lines)."""
    lines = path.read_text().splitlines()
    must = {line[8:] for line in lines if line.startswith("# race: ")}
    may = {line[8:] for line in lines if line.startswith("# also: ")}
    racing = {at for at, line in enumerate(lines, 1) if line.endswith("# racing")}
    return must, may, racing


def told(text):
    """Return the races of a text, as ("KIND NAME", {(file, line)}), and the rest of it."""
    found, rest = [], []
    for part in re.split(r"^(?=raddle: )", text, flags=re.MULTILINE):
        head = _HEAD.match(part)
        if head:
            places = {(file, int(line)) for file, line in _PLACE.findall(part)}
            found.append((f"{KINDS[head[2]]} {head[1]}", places))
        else:
            rest.append(part)
    return found, "".join(rest)


def names(done):
    """Return what a finished program's stderr tells, which has to be nothing but races."""
    found, rest = told(done.stderr)
    assert rest == "", rest
    return [name for name, _ in found]


def wrong(path, done):
    """Return what of a racy program's run is not as its header says, as texts."""
    (code, out, err), (must, may, racing) = done, header(path)
    found, rest = told(err)
    names = {name for name, _ in found}
    lines = {place for _, places in found for place in places}
    bad = [f"exit code {code}"] * (code != 0)
    bad += [f"stdout {out!r}"] * (not out.endswith("end\n"))
    bad += [f"not told: {each}" for each in sorted(must - names)]
    bad += [f"told: {each}" for each in sorted(names - must - may)]
    bad += [f"told of {each}" for each in sorted(lines) if each not in _of(path, racing)]
    bad += [f"no place: {name}" for name, places in found if not places]
    return [*bad, *rest.splitlines()]


def _of(path, lines):
    return {(path.name, line) for line in lines}


if __name__ == "__main__":
    for each in sys.argv[1:] or RACY:
        print(run(HERE / "racy" / f"{each.removesuffix('.py')}.py", "--race")[2], flush=True)
