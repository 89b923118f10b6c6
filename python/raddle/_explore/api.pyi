from collections.abc import Callable
from typing import Literal

class Exploration:
    runs: int
    complete: bool
    seed: int
    def __init__(self, runs: int, complete: bool, seed: int) -> None: ...

def explore(
    fn: Callable[[], object],
    *,
    runs: int = 200,
    seconds: float | None = None,
    strategy: Literal["mix", "random", "depth", "pos", "all"] = "mix",
    seed: int | None = None,
) -> Exploration: ...
def replay(schedule: str, fn: Callable[[], object]) -> None: ...
