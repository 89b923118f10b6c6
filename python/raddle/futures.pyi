import concurrent.futures as _stdlib
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ALL_COMPLETED as ALL_COMPLETED
from concurrent.futures import FIRST_COMPLETED as FIRST_COMPLETED
from concurrent.futures import FIRST_EXCEPTION as FIRST_EXCEPTION
from concurrent.futures import BrokenExecutor as BrokenExecutor
from concurrent.futures import CancelledError as CancelledError
from concurrent.futures import Executor as Executor
from concurrent.futures import InvalidStateError as InvalidStateError
from concurrent.futures import ProcessPoolExecutor as ProcessPoolExecutor
from concurrent.futures._base import DoneAndNotDoneFutures as _DoneAndNotDoneFutures
from concurrent.futures.thread import BrokenThreadPool as _BrokenThreadPool
from types import GenericAlias
from typing import Any, ParamSpec, TypeVar, overload

from typing_extensions import TypeVarTuple

if sys.version_info >= (3, 14):
    from concurrent.futures import InterpreterPoolExecutor as InterpreterPoolExecutor

_T = TypeVar("_T")
_P = ParamSpec("_P")
_Ts = TypeVarTuple("_Ts")

__all__ = [
    "ALL_COMPLETED",
    "FIRST_COMPLETED",
    "FIRST_EXCEPTION",
    "BrokenExecutor",
    "CancelledError",
    "Executor",
    "Future",
    "InvalidStateError",
    "ProcessPoolExecutor",
    "ThreadPoolExecutor",
    "TimeoutError",
    "as_completed",
    "wait",
]
if sys.version_info >= (3, 14):
    __all__ += ["InterpreterPoolExecutor"]

TimeoutError = TimeoutError

class Future(_stdlib.Future[_T]): ...

class ThreadPoolExecutor(_stdlib.ThreadPoolExecutor):
    BROKEN: type[_BrokenThreadPool]

    @classmethod
    def prepare_context(
        cls, initializer: Callable[..., object] | None, initargs: tuple[Any, ...]
    ) -> tuple[Callable[[], Any], Callable[..., Any]]: ...
    @overload
    def __init__(
        self,
        max_workers: int | None = None,
        thread_name_prefix: str = "",
        initializer: Callable[[], object] | None = None,
        initargs: tuple[()] = (),
    ) -> None: ...
    @overload
    def __init__(
        self,
        max_workers: int | None = None,
        thread_name_prefix: str = "",
        *,
        initializer: Callable[[*_Ts], object],
        initargs: tuple[*_Ts],
    ) -> None: ...
    @overload
    def __init__(
        self,
        max_workers: int | None,
        thread_name_prefix: str,
        initializer: Callable[[*_Ts], object],
        initargs: tuple[*_Ts],
    ) -> None: ...
    def submit(
        self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> Future[_T]: ...
    def map(
        self,
        fn: Callable[..., _T],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
        buffersize: int | None = None,
    ) -> Iterator[_T]: ...
    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None: ...
    def __class_getitem__(cls, item: Any, /) -> GenericAlias: ...

def wait(
    fs: Iterable[_stdlib.Future[_T]],
    timeout: float | None = None,
    return_when: str = "ALL_COMPLETED",
) -> _DoneAndNotDoneFutures[_T]: ...
def as_completed(
    fs: Iterable[_stdlib.Future[_T]], timeout: float | None = None
) -> Iterator[_stdlib.Future[_T]]: ...
