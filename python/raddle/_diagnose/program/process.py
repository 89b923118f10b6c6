"""The line of a report that says which process it is from: pid, program and time."""

import os
import sys
import time

from raddle._diagnose.program import attributes, stack


def facts():
    """Return which process this is, and when, in words."""
    parent = f", forked from {os.getppid()}" if is_child() else ""
    when, version = time.strftime("%H:%M:%S"), sys.version.split()[0]
    return f"process {os.getpid()} ({program()}){parent}, at {when}, Python {version}"


def program():
    """Return what the process runs: a script, "-m module", "-c", or nothing but a prompt."""
    spec = attributes.variables(sys.modules.get("__main__")).get("__spec__")
    name = dict(attributes.names(spec)).get("name")
    if type(name) is str:
        return f"-m {stack.clean(name.removesuffix('.__main__'))}"
    argv = sys.argv[0] if sys.argv and type(sys.argv[0]) is str else ""
    return stack.clean(stack.short(argv)) or "a prompt"


def is_child():
    """Return whether this process was forked from another that had loaded raddle."""
    core = sys.modules.get("raddle._raddle")
    return core is not None and core._forks() > 0


def gone():
    """Return what a thread is called that holds something, and is not there any more."""
    if is_child():
        return "a thread that this forked process does not have"
    return "a thread that is not there any more"
