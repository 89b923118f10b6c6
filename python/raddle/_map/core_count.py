"""`raddle.cores()`: how many cores this process may use, and whether threads can use them all.

`os.cpu_count()` counts the machine's; a container or `taskset` may leave a process fewer.
(`backend="cores"` is in `backends/cores.py`.)
"""

import math
import os
import sys

MOUNTS = "/proc/self/mountinfo"
GROUPS = "/proc/self/cgroup"


class Cores(int):
    """A number of cores that knows what limits it.

    `affinity` is how many cores the scheduler may put this process on, `quota` how many its
    control groups pay for (a float, or None without a limit), and `threads` whether Python
    threads can use more than one of them at a time; `choice` is what raddle takes to use them
    all. An int in all other ways.
    """

    affinity: int
    quota: float | None
    threads: bool
    why: str

    def __new__(cls, count, affinity=None, quota=None, threads=False, why="affinity"):
        self = super().__new__(cls, count)
        self.affinity = int(count) if affinity is None else affinity
        self.quota, self.threads, self.why = quota, threads, why
        return self

    def __repr__(self):
        count = "1 core" if self == 1 else f"{int(self)} cores"
        limit = f", by {self.why}" if self.why != "affinity" else ""
        if self.threads:
            can = "Python threads can use them all"
        else:
            can = "Python threads use one at a time (this interpreter has a GIL)"
        return f"<{count}{limit}; {can}>"

    def __str__(self):
        return str(int(self))

    @property
    def choice(self):
        """What backend="cores" takes here: its kind, by which library, and why."""
        from raddle._map.backends.cores import choice

        return choice()

    def __reduce__(self):
        return Cores, (int(self), self.affinity, self.quota, self.threads, self.why)


def cores():
    """Return how many cores this process may use, as an int that explains itself.

    That is the smaller of its CPU affinity and its control groups' quota (rounded up, at least
    1); PYTHON_CPU_COUNT and -X cpu_count go before both, where the interpreter knows them
    (3.13 and later). It is the default for `workers`. Counterpart: os.process_cpu_count(),
    which knows no quota and nothing about threads.
    """
    threads = parallel()
    affinity = _affinity()
    if (told := _told()) is not None:
        return Cores(told, affinity, None, threads, "PYTHON_CPU_COUNT or -X cpu_count")
    limit = quota()
    if limit is not None and math.ceil(limit) < affinity:
        count = max(1, math.ceil(limit))
        return Cores(count, affinity, limit, threads, f"a quota of {limit:g}")
    return Cores(affinity, affinity, limit, threads)


def parallel():
    """Return whether threads of this interpreter can run Python code at the same time."""
    enabled = getattr(sys, "_is_gil_enabled", None)
    return enabled is not None and not enabled()


def _affinity():
    try:
        return max(1, len(os.sched_getaffinity(0)))
    except (AttributeError, OSError):
        return os.cpu_count() or 1


def _told():
    if sys.version_info < (3, 13):
        return None
    told = sys._xoptions.get("cpu_count")
    if told is None and not sys.flags.ignore_environment:
        told = os.environ.get("PYTHON_CPU_COUNT")
    # The interpreter has read it at its start, and refused invalid values; later changes of
    # os.environ have no effect.
    return os.cpu_count() if told not in (None, "", "default") else None


def quota(mounts=MOUNTS, groups=GROUPS):
    """Return how many cores the control groups (v1 or v2) pay for, or None without a limit.

    A group is bound by those above it as well: the smallest limit counts.
    """
    try:
        places = _places(_read(mounts), _read(groups))
    except OSError:
        return None
    limits = []
    for top, folder, read in places:
        while True:
            if (limit := read(folder)) is not None:
                limits.append(limit)
            if folder == top or len(folder) <= len(top):
                break
            folder = os.path.dirname(folder)
    return min(limits, default=None)


def _places(mounts, groups):
    """Yield where a limit may be written: the mount, this process's folder, how to read it."""
    paths = {}
    for line in groups.splitlines():
        number, _, rest = line.partition(":")
        kinds, _, path = rest.partition(":")
        for kind in ["v2"] if number == "0" and not kinds else kinds.split(","):
            paths[kind] = path
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        left, right = left.split(), right.split()
        if len(left) < 5 or len(right) < 3:
            continue
        root, top = left[3], _unescaped(left[4])
        if right[0] == "cgroup2" and "v2" in paths:
            yield top, _folder(top, root, paths["v2"]), _version2
        elif right[0] == "cgroup" and "cpu" in right[2].split(",") and "cpu" in paths:
            yield top, _folder(top, root, paths["cpu"]), _version1


def _folder(top, root, path):
    # A mount shows its file system from `root` downwards; what lies outside cannot be seen.
    if root != "/":
        inside = path == root or path.startswith(root + "/")
        path = path[len(root) :] if inside else "/"
    if ".." in path.split("/"):
        path = "/"
    return os.path.normpath(top + "/" + path.strip("/"))


def _unescaped(text):
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, char)
    return text


def _version2(folder):
    try:
        allowed, period = _read(f"{folder}/cpu.max").split()
        return None if allowed == "max" else _ratio(allowed, period)
    except (OSError, ValueError):
        return None


def _version1(folder):
    try:
        allowed = _read(f"{folder}/cpu.cfs_quota_us")
        return _ratio(allowed, _read(f"{folder}/cpu.cfs_period_us"))
    except (OSError, ValueError):
        return None


def _ratio(allowed, period):
    allowed, period = int(allowed), int(period)
    return allowed / period if allowed > 0 and period > 0 else None


def _read(path):
    with open(path) as file:
        return file.read()
