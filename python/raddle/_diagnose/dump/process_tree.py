"""A process, those that it has started, and so on: for `raddle dump --tree`."""

import os


def tree(pid):
    """Return a process id and those of its descendants, each behind its parent's."""
    children = {}
    for each in os.listdir("/proc"):
        if each.isdigit() and (parent := _parent(each)) is not None:
            children.setdefault(parent, []).append(int(each))
    found, next_ones = [], [pid]
    while next_ones:
        found.append(next_ones.pop())
        next_ones += sorted(children.get(found[-1], ()), reverse=True)
    return found


def _parent(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # A program's name, in brackets, may have brackets in it.
            return int(file.read().rpartition(b")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return None  # It has just ended.
