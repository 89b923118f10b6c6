from collections.abc import Callable
from typing import Literal

from raddle.report import Report

KEPT: int
WORDS: tuple[str, ...]

class DeadlockError(RuntimeError):
    report: Report
    def __init__(self, report: Report) -> None: ...

def configure(
    *,
    on_deadlock: Literal["report", "raise", "ignore"] | Callable[[Report], object] = ...,
    lock_order: bool = ...,
) -> None: ...
def deadlocks() -> list[Report]: ...
def found(
    kind: str, ring: list[tuple[int, str, object | None, int]], certain: bool, may_raise: bool
) -> BaseException | None: ...
