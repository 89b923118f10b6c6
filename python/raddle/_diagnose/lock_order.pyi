from typing import Any

from raddle._diagnose.report.report import Told

KEPT: int

_Place = tuple[str, int, str] | None
_Lock = tuple[int, str, str | None, _Place]

class Inversion(Told):
    cure: str
    kind: str
    links: list[dict[str, str]]
    process: str
    sentence: str
    def __init__(self, links: list[tuple[_Lock, _Place, _Place, str | None]]) -> None: ...
    def to_dict(self) -> dict[str, object]: ...
    def render(self, colour: bool) -> str: ...

def inversions() -> list[Inversion]: ...
def check(on: bool) -> None: ...
def know(patterns: tuple[str, ...]) -> None: ...
def found(
    finder: int, links: list[tuple[_Lock, _Place, _Place, str | None]]
) -> tuple[Any, ...] | None: ...
