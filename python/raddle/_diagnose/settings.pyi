from collections.abc import Iterable

from raddle._diagnose.deadlock import _Action

ACTIONS: tuple[str, ...]

def configure(
    *,
    on_deadlock: _Action = ...,
    lock_order: bool = ...,
    known_orders: Iterable[str] = ...,
    profile: bool = ...,
    dump: bool = ...,
    race: bool | str = ...,
    known_races: Iterable[str] = ...,
) -> None: ...
