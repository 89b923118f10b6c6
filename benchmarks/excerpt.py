"""The rows that README.md and docs/benchmarks.md show, which `benchmarks.report` writes there.

Each page has its tables between two comments, `<!-- figures: NAME -->` and `<!-- /figures -->`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", ROOT / "docs" / "benchmarks.md")

# name of the table: what a reader calls each row, and the row's own name
TABLES = {
    "five": {
        "`with lock:`": "with Lock",
        "`Event`: there and back between two threads": "Event round trip",
        "`Queue`: put + get": "Queue put+get",
        "`ThreadPoolExecutor`: 5,000 small calls": "submit 5,000, then results: a call",
        "`Thread`: start + join": "Thread start + join, one",
    },
    "threads": {
        "`with lock`": "with Lock",
        "`with rlock`": "with RLock",
        "`Event.set` + `clear`": "Event set + clear",
        "`Event` round trip, 2 threads": "Event round trip",
        "CPU per event, peer 1 ms late": "Event answered 1 ms late, CPU",
        "create an `Event`": "create an Event",
        "`Condition` round trip, 2 threads": "Condition round trip",
        "`with semaphore`": "with Semaphore",
        "`Barrier(2)` round trip": "Barrier(2) round trip",
        "`Thread` start + join": "Thread start + join, one",
        "ten `Thread`s at once": "Thread start + join, ten at once",
    },
    "queues": {
        "`Queue` put + get": "Queue put+get",
        "`Queue`, 1 to 1 thread, 100 items": "Queue 1 to 1, maxsize 100",
        "`Queue`, 2 to 2 threads, 100 items": "Queue 2 to 2, maxsize 100",
        "`SimpleQueue` put + get": "SimpleQueue put+get",
        "`SimpleQueue`, 1 to 1 thread": "SimpleQueue 1 to 1",
        "`LifoQueue` put + get": "LifoQueue put+get",
        "`PriorityQueue` put + get": "PriorityQueue put+get",
    },
    "calls": {
        "submit 5,000 tiny calls, then results": "submit 5,000, then results: a call",
        "raddle's own time for one of them": "the same, raddle's own time a call",
        "submit one and wait, at once": "submit one and wait for it",
        "submit one and wait, after 5 ms": "submit one after 5 ms and wait",
        "`map(abs)`, 100,000 items": "map(abs), 100,000 items",
        "`map` of 1 ms sleeps, 64 workers, of the ideal time": (
            "map of 1 ms sleeps, 64 workers, / ideal"
        ),
        "CPU-bound `map`, two workers for one": "CPU-bound map, 1 worker / 2 workers",
    },
}
BLOCK = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- /figures -->)", re.DOTALL)


def filled(text: str, table: Callable[[str, dict[str, str]], list[str]]) -> str:
    """Return a page's text with each of its tables made by `table(name, rows)`."""

    def made(match: re.Match) -> str:
        return match[1] + "\n".join(table(match[2], TABLES[match[2]])) + "\n" + match[3]

    return BLOCK.sub(made, text)
