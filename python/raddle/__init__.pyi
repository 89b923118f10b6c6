from raddle.contention import stats as stats
from raddle.cpu import cores as cores
from raddle.deadlock import DeadlockError as DeadlockError
from raddle.deadlock import configure as configure
from raddle.deadlock import deadlocks as deadlocks
from raddle.dumping import dump as dump
from raddle.order import inversions as inversions
from raddle.pool import Pool as Pool
from raddle.pool import map as map
from raddle.truth import GilBoundWarning as GilBoundWarning

__all__ = [
    "DeadlockError",
    "GilBoundWarning",
    "Pool",
    "__version__",
    "configure",
    "cores",
    "deadlocks",
    "dump",
    "install",
    "installed",
    "inversions",
    "map",
    "stats",
    "uninstall",
]

__version__: str

def install() -> None: ...
def uninstall() -> None: ...
def installed() -> bool: ...
