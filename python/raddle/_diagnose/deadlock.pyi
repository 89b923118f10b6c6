from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from raddle._diagnose.lock_order import Inversion
from raddle._diagnose.report.report import Report

_Action: TypeAlias = (
    Literal["report", "raise", "ignore"]
    | Callable[[Report], object]
    | Callable[[Report | Inversion], object]
)

KEPT: int
LOOKS: int

class DeadlockError(RuntimeError):
    report: Report
    def __init__(self, report: Report) -> None: ...

def action() -> _Action: ...
def act(action: _Action) -> None: ...
def deadlocks() -> list[Report]: ...
def found(
    finder: int,
    kind: str,
    ring: list[tuple[int, str, object | None, int]],
    certain: bool,
    may_raise: bool,
    waits: list[tuple[int, str, object | None, int, float, bool]],
) -> BaseException | tuple[Any, ...] | None: ...
def hand(
    finder: int, action: Callable[[Any], object], report: Report | Inversion
) -> BaseException | None: ...
def is_handling(ident: int) -> bool: ...
