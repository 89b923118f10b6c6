from types import CodeType
from typing import Any

from raddle._diagnose.report.report import Told

KEPT: int
MOST: int

_Place = tuple[str, int, str] | None
_Lock = tuple[int, str, str | None, _Place]
_Found = tuple[str, CodeType | None, int, str | None, list[_Lock]]
_Guard = tuple[CodeType, int, list[_Lock]]

class Race(Told):
    accesses: list[dict[str, Any]]
    cure: str
    guard: str | None
    kind: str
    name: str
    process: str
    sentence: str
    def __init__(
        self, harm: str, mine: _Found, other: _Found, name: str, guards: list[_Guard]
    ) -> None: ...
    def to_dict(self) -> dict[str, object]: ...
    def render(self, colour: bool) -> str: ...

def races() -> list[Race]: ...
def know(patterns: tuple[str, ...]) -> None: ...
def tell_again() -> None: ...
def found(
    finder: int,
    harm: str,
    mine: _Found,
    other: _Found,
    owner: object,
    name: str | None,
    item: tuple[bool, object],
    guards: list[_Guard],
) -> tuple[Any, ...] | None: ...
