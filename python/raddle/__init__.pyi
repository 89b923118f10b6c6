from raddle._diagnose.contention.stats import stats as stats
from raddle._diagnose.deadlock import DeadlockError as DeadlockError
from raddle._diagnose.deadlock import deadlocks as deadlocks
from raddle._diagnose.dump.render import dump as dump
from raddle._diagnose.lock_order import inversions as inversions
from raddle._diagnose.race.told import races as races
from raddle._diagnose.settings import configure as configure
from raddle._map.api import Pool as Pool
from raddle._map.api import map as map
from raddle._map.core_count import cores as cores
from raddle._map.gil_warning import GilBoundWarning as GilBoundWarning

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
    "races",
    "stats",
    "uninstall",
]

__version__: str

def install() -> None: ...
def uninstall() -> None: ...
def installed() -> bool: ...
