from collections.abc import Callable
from typing import TextIO

_Waits = list[tuple[int, str, object | None, int, float, bool]]

groups: list[Callable[[], list[str]]]

def dump(file: TextIO | None = None) -> None: ...
def describe(colour: bool = False) -> str: ...
def describe_for(main: int, waits: _Waits, colour: bool = False) -> str: ...
