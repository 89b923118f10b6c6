from raddle.cpu import cores as cores
from raddle.pool import Pool as Pool
from raddle.pool import map as map
from raddle.truth import GilBoundWarning as GilBoundWarning

__all__ = [
    "GilBoundWarning",
    "Pool",
    "__version__",
    "cores",
    "install",
    "installed",
    "map",
    "uninstall",
]

__version__: str

def install() -> None: ...
def uninstall() -> None: ...
def installed() -> bool: ...
