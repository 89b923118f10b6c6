from raddle._diagnose.contention.stats import stats as stats
from raddle._diagnose.deadlock import DeadlockError as DeadlockError
from raddle._diagnose.deadlock import deadlocks as deadlocks
from raddle._diagnose.dump.render import dump as dump
from raddle._diagnose.lock_order import inversions as inversions
from raddle._diagnose.race.told import races as races
from raddle._diagnose.settings import configure as configure
from raddle._explore.api import explore as explore
from raddle._explore.api import replay as replay
from raddle._futures.aio import to_thread as to_thread
from raddle._futures.cut import Cancelled as Cancelled
from raddle._futures.cut import checkpoint as checkpoint
from raddle._futures.cut import deadline as deadline
from raddle._futures.cut import remaining as remaining
from raddle._futures.cut import shield as shield
from raddle._futures.cut import sleep as sleep
from raddle._futures.group import Group as Group
from raddle._futures.task import Task as Task
from raddle._map.api import Pool as Pool
from raddle._map.api import map as map
from raddle._map.core_count import cores as cores
from raddle._map.gil_warning import GilBoundWarning as GilBoundWarning

__all__ = [
    "Cancelled",
    "DeadlockError",
    "GilBoundWarning",
    "Group",
    "Pool",
    "Task",
    "__version__",
    "checkpoint",
    "configure",
    "cores",
    "deadline",
    "deadlocks",
    "dump",
    "explore",
    "install",
    "installed",
    "inversions",
    "map",
    "races",
    "remaining",
    "replay",
    "shield",
    "sleep",
    "stats",
    "to_thread",
    "uninstall",
]

__version__: str

def install() -> None: ...
def uninstall() -> None: ...
def installed() -> bool: ...
