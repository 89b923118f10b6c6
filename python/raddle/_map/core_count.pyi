import sys
from typing import NamedTuple, Self, SupportsIndex, type_check_only

from typing_extensions import disjoint_base

MOUNTS: str
GROUPS: str

@type_check_only
class _Choice(NamedTuple):
    kind: str
    by: str
    why: str
    @property
    def workers(self) -> str: ...

@type_check_only
class _Cores(int):
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
    @property
    def choice(self) -> _Choice: ...

# Up to 3.11 an int that has attributes has a layout of its own.
if sys.version_info >= (3, 12):
    class Cores(_Cores): ...

else:
    @disjoint_base
    class Cores(_Cores): ...

def cores() -> Cores: ...
def parallel() -> bool: ...
def quota(mounts: str = ..., groups: str = ...) -> float | None: ...
