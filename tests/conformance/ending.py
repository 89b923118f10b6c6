"""Read per-test outcomes out of what one regrtest process left behind.

Two accounts are read and set against each other. The JUnit file names every test that ended,
but it is written last, so a crash loses it; it leaves a test whose subtests failed without a
name, and it knows nothing of setUpClass. The verbose log has all of these, but other output
can land between a test's name and its result. Rejected: the log alone, and the exit status
alone, which can't tell a skipped test from one that ran.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from xml.etree import ElementTree

# regrtest's exit statuses; any other one means that regrtest itself did not get to its end.
EXITS = {0: "ok", 2: "fail", 3: "altered", 4: "empty"}

GOOD = ("ok", "expected", "empty")
BAD = ("fail", "error", "surprise", "altered")
DEAD = ("crash", "hang")
GRAVITY = ("empty", "ok", "expected", "skip", "altered", "surprise", "fail", "error", *DEAD)

_START = re.compile(r"^(\w+) \((\w+(?:\.\w+)+)\)(?=\s)", re.M)
_RESULT = re.compile(
    r"(?:\.\.\. |^)(ok|FAIL|ERROR|expected failure|unexpected success|skipped (['\"])(.*)\2)$",
    re.M | re.S,
)
_BLOCK = re.compile(
    r"^={70}\n(FAIL|ERROR): (\w+) \((\w+(?:\.\w+)+)\)([^\n]*)\n(?:[^\n]*\n)?-{70}\n"
    r"(.*?)(?=^={70}$|^-{70}$|\Z)",
    re.M | re.S,
)
_FIXTURE = re.compile(r"\.(setUp|tearDown)(Class|Module)$")
_RAN = re.compile(r"^Ran (\d+) tests? in", re.M)
_WORDS = {
    "ok": "ok",
    "FAIL": "fail",
    "ERROR": "error",
    "expected failure": "expected",
    "unexpected success": "surprise",
}


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of one test: `kind` (GRAVITY and "missing") and a reason or traceback."""

    kind: str
    detail: str = ""

    @property
    def good(self) -> bool:
        return self.kind in GOOD


@dataclasses.dataclass(frozen=True)
class Found:
    """The tests of one process; `unfinished` if some of them may not have had their turn."""

    tests: dict[str, Outcome]
    process: Outcome
    unfinished: bool


def worst(one: Outcome, other: Outcome) -> Outcome:
    """Return the graver of two outcomes, the first where they are equally grave."""
    return other if GRAVITY.index(other.kind) > GRAVITY.index(one.kind) else one


def started(log: str) -> int:
    """Return how many tests a verbose log shows as started."""
    return len(_START.findall(log))


def read_log(log: str) -> list[tuple[str, Outcome | None]]:
    """Return (test id, outcome) in the log's order; None where the log shows no result."""
    marks = list(_START.finditer(log))
    found = []
    for mark, following in itertools.pairwise([*marks, None]):
        text = log[mark.end() : following.start() if following else len(log)]
        # What follows the last test is regrtest's summary, which tells of failures again.
        text = re.split(r"^(?:={70}|-{70})$", text, maxsplit=1, flags=re.M)[0].rstrip()
        found.append((_identify(mark[1], mark[2]), _last_result(text)))
    return found


def _identify(name: str, where: str) -> str:
    # A fixture such as setUpClass is shown with its class alone.
    return where if where.endswith(f".{name}") else f"{where}.{name}"


def _last_result(text: str) -> Outcome | None:
    results = list(_RESULT.finditer(text))
    if not results:
        return None
    word = results[-1]
    if word[1].startswith("skipped"):
        return Outcome("skip", word[3])
    return Outcome(_WORDS[word[1]])


def read_blocks(log: str) -> dict[str, Outcome]:
    """Return the failures of the log's summary by id, a test's subtests folded into it."""
    found: dict[str, Outcome] = {}
    for word, name, where, extra, body in _BLOCK.findall(log):
        test = _identify(name, where)
        result = Outcome(_WORDS[word], (extra.strip() + "\n" + body).strip())
        found[test] = worst(found[test], result) if test in found else result
    return found


def read_junit(text: str) -> list[tuple[str | None, Outcome]]:
    """Return (test id, outcome) in the file's order; the id is None where it has none."""
    found = []
    for case in ElementTree.fromstring(text).iter("testcase"):
        found.append((case.get("name"), _case(case)))
    return found


def _case(case: ElementTree.Element) -> Outcome:
    if case.get("name") is None:
        return Outcome("fail", "a subtest failed")
    for tag, kind in (("error", "error"), ("failure", "fail"), ("skipped", "skip")):
        if (part := case.find(tag)) is not None:
            return Outcome(kind, (part.text or part.get("message") or "").strip())
    if case.find("outcome") is not None:
        return Outcome("surprise")
    return Outcome("expected" if case.find("output") is not None else "ok")


def collect(log: str, junit: str | None, ending: Outcome) -> Found:
    """Join both accounts of a process that ended as `ending` says."""
    shown, blocks = read_log(log), read_blocks(log)
    tests: dict[str, Outcome] = {}

    def add(test: str, result: Outcome) -> None:
        tests[test] = worst(tests[test], result) if test in tests else result

    # Where the process died the log's last test, if it shows no result, died with it.
    dead = ending.kind in DEAD
    blamed = dead and junit is None and bool(shown) and shown[-1][1] is None
    if junit is None:
        for position, (test, result) in enumerate(shown):
            if result is None:
                last = blamed and position == len(shown) - 1
                result = ending if last else Outcome("error", "the log shows no result")
            add(test, result)
    else:
        cases = read_junit(junit)
        proper = [test for test, _ in shown if not _FIXTURE.search(test)]
        for position, (name, result) in enumerate(cases):
            if name is None and position < len(proper):
                name = proper[position]
            add(name or f"unnamed.{position}", result)
        for test, result in shown:
            # An empty reason doesn't make it into the JUnit file: the skip looks like a pass.
            if result is not None and result.kind == "skip":
                add(test, result)
    for test, result in blocks.items():
        if test not in tests or tests[test].kind not in DEAD:
            add(test, result)
            if len(result.detail) > len(tests[test].detail):
                tests[test] = Outcome(tests[test].kind, result.detail)
    process = ending
    own = ending.kind == "fail" and any(result.kind in BAD for result in tests.values())
    if own or blamed:
        # What a test of its own answers for isn't counted against the process as well.
        process = Outcome("ok")
    ran = _RAN.search(log)
    if junit is not None and ran and len(read_junit(junit)) != int(ran[1]):
        process = Outcome("error", f"{len(tests)} tests in the JUnit file, {ran[1]} in the log")
    return Found(tests, process, dead and junit is None and bool(shown))


def tail(text: str, lines: int = 60) -> str:
    """Return the last `lines` lines of `text`."""
    return "\n".join(text.strip().splitlines()[-lines:])


def reason(stdout: str, stderr: str) -> str:
    """Return what regrtest says about a module's failure as a whole."""
    told = [line for line in stderr.splitlines() if line.startswith("Warning -- ")]
    if "crashed --" in stderr:
        told.append(tail(stderr[stderr.index("crashed --") :]))
    return "\n".join(told) or tail(stdout, 10)


# Frames below every test, which tell nothing of it.
_MACHINERY = re.compile(
    r'File "[^"]*([/\\](unittest|libregrtest)[/\\]|<frozen runpy>|__main__)'
)
_PLACE = re.compile(r'\s*(File "[^"]*[/\\]test[/\\](?!support)[^"]*", line .*)')


def first_lines(result: Outcome, lines: int = 6) -> list[str]:
    """Return the lines of a failure that say most: where in the test, and the message."""
    text = [line.rstrip()[:200] for line in result.detail.splitlines() if line.strip()]
    if result.kind in DEAD:
        return [line for line in text if not _MACHINERY.search(line)][: 3 * lines]
    places = [found[1] for line in text if (found := _PLACE.match(line))]
    if not places:
        return [line for line in text if not _MACHINERY.search(line)][:lines]
    message = [line for line in text if not line.startswith((" ", "Traceback "))]
    # A test that ran a child shows the child's command, then what the child wrote.
    shown = [line for line in message if not line.startswith("command line:")]
    if "stderr:" in shown:
        shown = [shown[0], *shown[shown.index("stderr:") :]]
    if len(shown) > lines:
        shown = [*shown[:1], "...", *shown[1 - lines :]]
    return [places[-1], *shown]
