from collections.abc import Callable, Iterable
from contextvars import Context
from typing import Any, Literal, TypeVar

from raddle import _raddle
from raddle._futures.task import Task
from raddle._map.api import Pool

_T = TypeVar("_T")
_A = TypeVar("_A")

LEAVING: int
LOOK: float
MOST: int
ON_ERROR: tuple[str, ...]

class Group(_raddle._Block):
    name: str
    def __init__(
        self,
        *,
        deadline: float | None = None,
        name: str | None = None,
        on_error: Literal["cancel", "continue"] = "cancel",
        first: bool = False,
        pool: Pool | None = None,
        grace: float | None = 0.1,
        abandon: bool = False,
    ) -> None: ...
    def start(
        self,
        fn: Callable[..., _T],
        /,
        *args: Any,
        context: Context | None = None,
        **kwargs: Any,
    ) -> Task[_T]: ...
    def map(
        self, fn: Callable[[_A], _T], iterable: Iterable[_A], /, *, workers: int | None = None
    ) -> list[_T]: ...
    def cancel(self) -> bool: ...
    @property
    def cancelled(self) -> bool: ...
    @property
    def tasks(self) -> tuple[Task[Any], ...]: ...
    def remaining(self) -> float | None: ...
    def result(self) -> Any: ...
