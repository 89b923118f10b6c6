from typing import NamedTuple

ENOUGH: float
BUSY: float
ONE: float
STARVED: float
ASKING: float
AWAKE: float

class GilBoundWarning(RuntimeWarning): ...

class Clocks(NamedTuple):
    cpu: float
    busy: float
    elapsed: float
    most: int
    starved: float = 0.0

def bound(clocks: Clocks, cores: int, parallel: bool) -> bool: ...
def advice(clocks: Clocks, interpreters: bool) -> str: ...
def tell(clocks: Clocks, cores: int, parallel: bool) -> None: ...
