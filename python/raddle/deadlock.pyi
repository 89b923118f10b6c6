from collections.abc import Callable, Iterable
from typing import Any, Literal

from raddle.order import Inversion
from raddle.report import Report

_Action = (
    Literal["report", "raise", "ignore"]
    | Callable[[Report], object]
    | Callable[[Report | Inversion], object]
)

KEPT: int
LOOKS: int
ACTIONS: tuple[str, ...]

class DeadlockError(RuntimeError):
    report: Report
    def __init__(self, report: Report) -> None: ...

def configure(
    *,
    on_deadlock: _Action = ...,
    lock_order: bool = ...,
    known_orders: Iterable[str] = ...,
    profile: bool = ...,
    dump: bool = ...,
) -> None: ...
def action() -> _Action: ...
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
