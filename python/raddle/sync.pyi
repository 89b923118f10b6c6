from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

from raddle._raddle import AtomicInt as AtomicInt
from raddle._raddle import AtomicRef as AtomicRef
from raddle._raddle import Latch as Latch
from raddle._raddle import Once as Once
from raddle._raddle import RWLock as RWLock

__all__ = [
    "AtomicInt",
    "AtomicRef",
    "Latch",
    "Once",
    "RWLock",
    "cached_property",
    "once",
]

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)

def once(function: Callable[..., _T]) -> Once[_T]: ...

class cached_property(Generic[_T_co]):
    func: Callable[[Any], _T_co]
    attrname: str | None
    def __init__(self, function: Callable[[Any], _T_co]) -> None: ...
    def __set_name__(self, owner: type[Any], name: str) -> None: ...
    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> _T_co: ...
