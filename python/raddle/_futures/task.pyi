from collections.abc import Callable
from contextvars import Context
from typing import Any, TypeVar

from raddle._futures.cut import Cancelled
from raddle._raddle import Scope
from raddle.futures import Future

_T = TypeVar("_T")

class Task(Future[_T]):
    name: str
    ended_by: Cancelled | None
    def __init__(
        self,
        call: tuple[Callable[..., _T], tuple[Any, ...], dict[str, Any]],
        name: str,
        scope: Scope,
        context: Context | None,
        ended: Callable[[Task[_T]], object],
    ) -> None: ...
