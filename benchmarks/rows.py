"""What a row is, what it must reach, and where the rows are found.

A *bench* is one piece of code measured on both sides; it yields one row, or several when
one run gives several figures (wall time and CPU time, say).
"""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType

ROOMS = {
    "lock": "locks",
    "contended": "locks",
    "rlock": "locks",
    "detection": "locks",
    "event": "locks",
    "condition": "locks",
    "semaphore": "locks",
    "barrier": "locks",
    "local": "locks",
    "module": "locks",
    "queue": "queues",
    "map": "maps",
    "thread": "threads",
    "future": "futures",
    "executor": "futures",
    "memory": "threads",
    "idle": "threads",
}
"""The folder of each word's file."""
WORDS = tuple(ROOMS)

KINDS = ("gil", "gil314", "ft")
"""Build kinds: a GIL up to 3.13, a GIL from 3.14 on, free-threaded."""

Run = Callable[[int], tuple[float, ...]]
"""Do the work `n` times; return one total per row (ns, bytes, …)."""


def build_kind() -> str:
    """Return the entry of KINDS that the running interpreter belongs to."""
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "ft"
    return "gil314" if sys.version_info >= (3, 14) else "gil"


@dataclasses.dataclass(frozen=True)
class Target:
    """What a row must reach: `sense` is "ratio>=", "ratio>" or "value<="."""

    sense: str
    values: Mapping[str, float]

    def on(self, kind: str) -> dict:
        return {"sense": self.sense, "value": self.values[kind]}


def at_least(gil: float, *, gil314: float | None = None, ft: float | None = None) -> Target:
    """The stdlib must take at least this many times as long as raddle."""
    return _target("ratio>=", gil, gil314, ft)


def above(ratio: float) -> Target:
    """The stdlib must need strictly more than `ratio` times what raddle needs."""
    return _target("ratio>", ratio, None, None)


def at_most(gil: float, *, ft: float | None = None) -> Target:
    """raddle's own figure, in the row's unit, must not exceed this."""
    return _target("value<=", gil, None, ft)


def _target(sense: str, gil: float, gil314: float | None, ft: float | None) -> Target:
    values = (gil, gil if gil314 is None else gil314, gil if ft is None else ft)
    return Target(sense, dict(zip(KINDS, values, strict=True)))


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table; without a target it is there to be read, not judged.

    level: a median down to this part of the target counts as level with it, where its
        interval holds the target too. The module against itself scatters by as much.
    wakeups: how often an operation hands over to another thread and waits for it; if it does,
        it is told as a multiple of the floor, too (see floor.py).
    """

    name: str
    target: Target | None = None
    unit: str = "ns"
    level: float = 0.97
    wakeups: int = 0


@dataclasses.dataclass(frozen=True)
class Bench:
    """One piece of code, measured on both sides.

    setup: given a module like `threading`, a context manager that yields a `Run`.
    ops: operations in one step of `Run` (loops are unrolled).
    sample_ms: how long one sample should take; `Run` gets the `n` that makes it so.
    rounds: how many samples there are in a full run, in a third as many set-ups; by default
        as many as `harness` has.
    fixed: take samples of n = 1, this many in a (full, quick) run, with no calibration.
    elsewhere: given the subject's name and `quick`, measure in another process instead and
        return one finished figure per row (see `harness.summary`).
    """

    rows: tuple[Row, ...]
    setup: Callable[[ModuleType], AbstractContextManager[Run]] | None = None
    ops: int = 1
    sample_ms: float = 10.0
    rounds: int | None = None
    fixed: tuple[int, int] | None = None
    elsewhere: Callable[[str, bool], list[dict]] | None = None


def load(word: str, side: str) -> list[Bench]:
    """Import one word's file afresh and return its benches.

    Each side gets its own copy of the file: the interpreter specialises bytecode in place
    for the types that it meets, and a loop shared by both would never settle.
    """
    name = f"{__package__}.{ROOMS[word]}.{word}@{side}"
    path = Path(__file__).parent / ROOMS[word] / f"{word}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # A dataclass or a pickle would look the module up by name; so do tracebacks.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module.BENCHES


def select(only: list[str]) -> Iterator[tuple[str, Bench, Bench]]:
    """Yield (word, bench for the stdlib, bench for the subject), narrowed by `only`.

    An entry of `only` is a word ("event") or a part of a row's name ("round trip"); an
    entry that is no word narrows the words named beside it.
    """
    words = [w for w in WORDS if w in only] or list(WORDS)
    parts = [entry.lower() for entry in only if entry not in WORDS]
    for word in words:
        for theirs, ours in zip(load(word, "stdlib"), load(word, "subject"), strict=True):
            names = [row.name.lower() for row in ours.rows]
            if not parts or any(part in name for part in parts for name in names):
                yield word, theirs, ours
