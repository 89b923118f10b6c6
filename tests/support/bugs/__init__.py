"""Programs with a mistake that shows now and then: each function fails under some schedule.

Those named after benchmarks were rebuilt from what is published about a mistake; the docstring
says which one it is. Each passes if no thread is interrupted.
"""

from . import jacontebe, jacontebe_pools, jdk, python, python_pools, sctbench, sctbench_apps
from .shared import BUGS

# Not found within a thousand: one of a hundred threads has to run at one moment of another one,
# and three threads without locks have to be interrupted five times.
MISSED = "twostage_100", "safe_stack"

__all__ = [
    "BUGS",
    "MISSED",
    "jacontebe",
    "jacontebe_pools",
    "jdk",
    "python",
    "python_pools",
    "sctbench",
    "sctbench_apps",
]
