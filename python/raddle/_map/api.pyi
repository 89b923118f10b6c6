from collections.abc import Callable, Iterable
from concurrent.futures import BrokenExecutor, Future
from typing import (
    Any,
    Generic,
    Literal,
    ParamSpec,
    Protocol,
    Self,
    SupportsIndex,
    TypeVar,
    overload,
)

__all__ = ["Map", "Pool", "WorkerLost", "map"]

_T = TypeVar("_T")
_A = TypeVar("_A")
_B = TypeVar("_B")
_P = ParamSpec("_P")

class _Client(Protocol):
    """What a distributed.Client has."""

    def scheduler_info(self, *args: Any, **kwargs: Any) -> Any: ...
    def gather(self, *args: Any, **kwargs: Any) -> Any: ...

# (No `str`: an address, "dask://host:port", cannot be told from a misspelt word.)
_Backend = Literal["threads", "cores", "interpreters", "processes", "dask"] | _Client

ERRORS: tuple[str, ...]

class WorkerLost(BrokenExecutor): ...

class Settings:
    def __init__(
        self,
        fn: Callable[..., Any],
        iterables: tuple[Iterable[Any], ...],
        ordered: bool,
        timeout: float | None,
        buffersize: SupportsIndex | None,
        progress: bool,
        on_error: str,
        each: float | None = None,
    ) -> None: ...
    def refuse(self, backend: Any) -> None: ...

def count(workers: SupportsIndex | None, backend: _Backend) -> int: ...

class Map(Generic[_T]):
    def __init__(
        self, backend: Any, settings: Settings, owned: bool, name: str = "raddle.map"
    ) -> None: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> _T: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def __del__(self) -> None: ...

@overload
def map(
    fn: Callable[[_A], _T],
    iterable: Iterable[_A],
    /,
    *,
    workers: SupportsIndex | None = None,
    backend: _Backend = "threads",
    ordered: bool = True,
    timeout: float | None = None,
    buffersize: SupportsIndex | None = None,
    progress: bool = False,
    on_error: Literal["raise", "collect"] = "raise",
    each: float | None = None,
) -> Map[_T]: ...
@overload
def map(
    fn: Callable[[_A, _B], _T],
    iterable: Iterable[_A],
    other: Iterable[_B],
    /,
    *,
    workers: SupportsIndex | None = None,
    backend: _Backend = "threads",
    ordered: bool = True,
    timeout: float | None = None,
    buffersize: SupportsIndex | None = None,
    progress: bool = False,
    on_error: Literal["raise", "collect"] = "raise",
    each: float | None = None,
) -> Map[_T]: ...
@overload
def map(
    fn: Callable[..., _T],
    iterable: Iterable[Any],
    other: Iterable[Any],
    third: Iterable[Any],
    /,
    *iterables: Iterable[Any],
    workers: SupportsIndex | None = None,
    backend: _Backend = "threads",
    ordered: bool = True,
    timeout: float | None = None,
    buffersize: SupportsIndex | None = None,
    progress: bool = False,
    on_error: Literal["raise", "collect"] = "raise",
    each: float | None = None,
) -> Map[_T]: ...
@overload
def map(
    fn: Callable[..., _T],
    *iterables: Iterable[Any],
    workers: SupportsIndex | None = None,
    backend: _Backend = "threads",
    ordered: bool = True,
    timeout: float | None = None,
    buffersize: SupportsIndex | None = None,
    progress: bool = False,
    on_error: Literal["return"],
    each: float | None = None,
) -> Map[_T | BaseException]: ...

class Pool:
    def __init__(
        self,
        workers: SupportsIndex | None = None,
        backend: _Backend = "threads",
        initializer: Callable[..., object] | None = None,
        initargs: Iterable[Any] = (),
    ) -> None: ...
    @property
    def workers(self) -> int: ...
    @property
    def backend(self) -> str: ...
    @overload
    def submit(
        self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> Future[_T]: ...
    @overload
    def submit(  # type: ignore[overload-cannot-match]  # It is: by `deadline`.
        self, fn: Callable[..., _T], /, *args: Any, deadline: float | None, **kwargs: Any
    ) -> Future[_T]: ...
    @overload
    def map(
        self,
        fn: Callable[[_A], _T],
        iterable: Iterable[_A],
        /,
        *,
        ordered: bool = True,
        timeout: float | None = None,
        buffersize: SupportsIndex | None = None,
        progress: bool = False,
        on_error: Literal["raise", "collect"] = "raise",
        each: float | None = None,
    ) -> Map[_T]: ...
    @overload
    def map(
        self,
        fn: Callable[[_A, _B], _T],
        iterable: Iterable[_A],
        other: Iterable[_B],
        /,
        *,
        ordered: bool = True,
        timeout: float | None = None,
        buffersize: SupportsIndex | None = None,
        progress: bool = False,
        on_error: Literal["raise", "collect"] = "raise",
        each: float | None = None,
    ) -> Map[_T]: ...
    @overload
    def map(
        self,
        fn: Callable[..., _T],
        iterable: Iterable[Any],
        other: Iterable[Any],
        third: Iterable[Any],
        /,
        *iterables: Iterable[Any],
        ordered: bool = True,
        timeout: float | None = None,
        buffersize: SupportsIndex | None = None,
        progress: bool = False,
        on_error: Literal["raise", "collect"] = "raise",
        each: float | None = None,
    ) -> Map[_T]: ...
    @overload
    def map(
        self,
        fn: Callable[..., _T],
        *iterables: Iterable[Any],
        ordered: bool = True,
        timeout: float | None = None,
        buffersize: SupportsIndex | None = None,
        progress: bool = False,
        on_error: Literal["return"],
        each: float | None = None,
    ) -> Map[_T | BaseException]: ...
    @overload
    def imap_unordered(
        self,
        fn: Callable[[_A], _T],
        iterable: Iterable[_A],
        /,
        *,
        timeout: float | None = None,
        buffersize: SupportsIndex | None = None,
        progress: bool = False,
        on_error: Literal["raise", "collect"] = "raise",
        each: float | None = None,
    ) -> Map[_T]: ...
    @overload
    def imap_unordered(
        self,
        fn: Callable[[_A, _B], _T],
        iterable: Iterable[_A],
        other: Iterable[_B],
        /,
        *,
        timeout: float | None = None,
        buffersize: SupportsIndex | None = None,
        progress: bool = False,
        on_error: Literal["raise", "collect"] = "raise",
        each: float | None = None,
    ) -> Map[_T]: ...
    @overload
    def imap_unordered(
        self,
        fn: Callable[..., _T],
        iterable: Iterable[Any],
        other: Iterable[Any],
        third: Iterable[Any],
        /,
        *iterables: Iterable[Any],
        timeout: float | None = None,
        buffersize: SupportsIndex | None = None,
        progress: bool = False,
        on_error: Literal["raise", "collect"] = "raise",
        each: float | None = None,
    ) -> Map[_T]: ...
    @overload
    def imap_unordered(
        self,
        fn: Callable[..., _T],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        buffersize: SupportsIndex | None = None,
        progress: bool = False,
        on_error: Literal["return"],
        each: float | None = None,
    ) -> Map[_T | BaseException]: ...
    @overload
    def starmap(
        self,
        fn: Callable[..., _T],
        iterable: Iterable[Iterable[Any]],
        *,
        ordered: bool = True,
        timeout: float | None = None,
        buffersize: SupportsIndex | None = None,
        progress: bool = False,
        on_error: Literal["raise", "collect"] = "raise",
        each: float | None = None,
    ) -> Map[_T]: ...
    @overload
    def starmap(
        self,
        fn: Callable[..., _T],
        iterable: Iterable[Iterable[Any]],
        *,
        ordered: bool = True,
        timeout: float | None = None,
        buffersize: SupportsIndex | None = None,
        progress: bool = False,
        on_error: Literal["return"],
        each: float | None = None,
    ) -> Map[_T | BaseException]: ...
    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None: ...
    def close(self) -> None: ...
    def terminate(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
