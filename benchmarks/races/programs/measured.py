"""What each program here ends with: how long it took, and how much memory."""

import os
import resource
import time
from pathlib import Path


def peak_kib():
    """Return the most memory that was resident.

    `ru_maxrss` outlives exec: it has what a process was before it became this program.
    """
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0])
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def run(main, scale):
    """Call `main` once, at `scale` or at what the variable SCALE says."""
    scale = int(os.environ.get("SCALE", scale))
    began = time.perf_counter()
    main(scale)
    print(f"seconds: {time.perf_counter() - began:.4f}")
    print(f"peak_kib: {peak_kib()}")
