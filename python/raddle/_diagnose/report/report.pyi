from collections.abc import Callable, Iterable, Sequence
from typing import Any, TextIO

NOTED: float
PAINTS: dict[str, str]

class Told:
    sentence: str
    @property
    def text(self) -> str: ...

class Report(Told):
    kind: str
    certain: bool
    time: float
    threads: list[dict[str, Any]]
    sentence: str
    cure: str
    deaths: list[dict[str, Any]]
    process: str
    ways: list[str]
    @property
    def heading(self) -> str: ...
    def __init__(
        self,
        kind: str,
        ring: Iterable[tuple[int, str, object | None, int]],
        certain: bool,
        waits: Sequence[tuple[int, str, object | None, int, float, bool]] = (),
        ways: Sequence[str] = (),
    ) -> None: ...
    def to_dict(self) -> dict[str, Any]: ...
    def render(self, colour: bool) -> str: ...

def painter(colour: bool) -> Callable[[str, str], str]: ...
def drawn(
    entries: list[dict[str, Any]],
    paint: Callable[[str, str], str],
    runs: str | None = None,
) -> list[str]: ...
def coloured(stream: TextIO) -> bool: ...
def coloured_descriptor(number: int) -> bool: ...
def stderr() -> TextIO | None: ...
def show(make: Callable[[bool], str], stream: TextIO | None = None) -> None: ...
def write(number: int, data: bytes) -> None: ...
