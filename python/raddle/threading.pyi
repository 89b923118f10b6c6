import threading as _stdlib
from _thread import _ExceptHookArgs
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import Context
from typing import Any, Final, Generic, ParamSpec, Self, TypeVar

from _typeshed import ProfileFunction, TraceFunction
from typing_extensions import deprecated

from raddle._raddle import Barrier as Barrier
from raddle._raddle import BoundedSemaphore as BoundedSemaphore
from raddle._raddle import Condition as Condition
from raddle._raddle import Event as Event
from raddle._raddle import RLock as RLock
from raddle._raddle import Semaphore as Semaphore
from raddle._raddle import lock as _lock

_T = TypeVar("_T")
_P = ParamSpec("_P")

__all__ = [
    "TIMEOUT_MAX",
    "Barrier",
    "BoundedSemaphore",
    "BrokenBarrierError",
    "Condition",
    "Event",
    "ExceptHookArgs",
    "Lock",
    "RLock",
    "Semaphore",
    "Thread",
    "ThreadError",
    "Timer",
    "active_count",
    "concurrent_tee",
    "current_thread",
    "enumerate",
    "excepthook",
    "get_ident",
    "get_native_id",
    "getprofile",
    "gettrace",
    "local",
    "main_thread",
    "serialize_iterator",
    "setprofile",
    "setprofile_all_threads",
    "settrace",
    "settrace_all_threads",
    "stack_size",
    "synchronized_iterator",
]

# A function up to 3.12 and the class itself from 3.13 on; annotations need the class.
Lock = _lock

ThreadError = _stdlib.ThreadError
BrokenBarrierError = _stdlib.BrokenBarrierError
ExceptHookArgs = _ExceptHookArgs
local = _stdlib.local
excepthook: Callable[[_ExceptHookArgs], object]

TIMEOUT_MAX: Final[float]

# Threads that the standard library started are among what these return.
def active_count() -> int: ...
def current_thread() -> _stdlib.Thread: ...
def enumerate() -> list[_stdlib.Thread]: ...
def main_thread() -> _stdlib.Thread: ...
@deprecated("Use active_count() instead.")
def activeCount() -> int: ...
@deprecated("Use current_thread() instead.")
def currentThread() -> _stdlib.Thread: ...
def get_ident() -> int: ...
def get_native_id() -> int: ...
def stack_size(size: int = 0, /) -> int: ...
def settrace(func: TraceFunction | None) -> None: ...
def setprofile(func: ProfileFunction | None) -> None: ...
def settrace_all_threads(func: TraceFunction | None) -> None: ...
def setprofile_all_threads(func: ProfileFunction | None) -> None: ...
def gettrace() -> TraceFunction | None: ...
def getprofile() -> ProfileFunction | None: ...

class Thread(_stdlib.Thread):
    def __init__(
        self,
        group: None = None,
        target: Callable[..., object] | None = None,
        name: str | None = None,
        args: Iterable[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        daemon: bool | None = None,
        context: Context | None = None,
    ) -> None: ...

class Timer(Thread, _stdlib.Timer):
    def __init__(
        self,
        interval: float,
        function: Callable[..., object],
        args: Iterable[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
    ) -> None: ...

class serialize_iterator(Generic[_T]):
    def __init__(self, iterable: Iterable[_T]) -> None: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> _T: ...
    def send(self, value: Any, /) -> _T: ...
    def throw(self, *args: Any) -> _T: ...
    def close(self) -> None: ...

def synchronized_iterator(
    func: Callable[_P, Iterable[_T]],
) -> Callable[_P, serialize_iterator[_T]]: ...
def concurrent_tee(iterable: Iterable[_T], n: int = 2) -> tuple[Iterator[_T], ...]: ...
