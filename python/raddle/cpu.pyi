from typing import Self, SupportsIndex

MOUNTS: str
GROUPS: str

class Cores(int):
    affinity: int
    quota: float | None
    threads: bool
    why: str
    def __new__(
        cls,
        count: SupportsIndex,
        affinity: int | None = None,
        quota: float | None = None,
        threads: bool = False,
        why: str = "affinity",
    ) -> Self: ...

def cores() -> Cores: ...
def parallel() -> bool: ...
def quota(mounts: str = ..., groups: str = ...) -> float | None: ...
