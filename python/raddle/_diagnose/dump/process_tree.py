"""A process, those that it has started, and so on: for `raddle dump --tree`."""

import os
import sys


def tree(pid):
    """Return a process id and those of its descendants, each behind its parent's."""
    children = {}
    for each, (parent, _) in processes().items():
        children.setdefault(parent, []).append(each)
    found, next_ones = [], [pid]
    while next_ones:
        found.append(next_ones.pop())
        next_ones += sorted(set(children.get(found[-1], ())) - set(found), reverse=True)
    return found


def processes():
    """Return {pid: (its parent's pid, its program's name)} of this machine."""
    if sys.platform == "win32":
        from raddle import _raddle

        # (A parent's number may be a younger process's by now.)
        seen = _raddle._processes()
        started = {pid: when for pid, _, _, when in seen}
        return {
            pid: (parent if started.get(parent, 0) <= when else 0, name)
            for pid, parent, name, when in seen
        }
    if os.path.isdir("/proc/self"):
        numbers = (int(each) for each in os.listdir("/proc") if each.isdigit())
        return {pid: facts for pid in numbers if (facts := _facts(pid)) is not None}
    return _by_ps()


def _facts(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # A program's name, in brackets, may have brackets in it.
            before, _, after = file.read().rpartition(b")")
            name = before.partition(b"(")[2].decode("utf-8", "backslashreplace")
            return int(after.split()[1]), name
    except (OSError, IndexError, ValueError):
        return None  # It has just ended.


def _by_ps():
    """Return the same where there is no /proc, as on macOS."""
    import subprocess

    command = ["ps", "-axo", "pid=,ppid=,comm="]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in lines.splitlines()]
    return {
        int(row[0]): (int(row[1]), os.path.basename(row[2])) for row in rows if len(row) == 3
    }
