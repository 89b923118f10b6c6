"""Programs with a mistake that shows now and then: each function fails under some schedule.

Those named after benchmarks were rebuilt from what is published about a mistake; the docstring
says which one it is. Each passes if no thread is interrupted.
"""

from . import jacontebe, jacontebe_pools, jdk, python, python_pools, sctbench, sctbench_apps
from .shared import BUGS

__all__ = [
    "BUGS",
    "jacontebe",
    "jacontebe_pools",
    "jdk",
    "python",
    "python_pools",
    "sctbench",
    "sctbench_apps",
]
