"""Worker processes on Windows; the words are in `__init__.py`.

A process is in the group of the one that started it, and Ctrl-C in a console is for all of a
group's. A new group takes no notice of it. There are no signals to hold back, and no children
of a child: what a process has started has to be looked for.
"""

import contextlib
import os
import signal
import subprocess
from multiprocessing import popen_spawn_win32

from raddle._diagnose.dump import process_tree
from raddle._map.system import started

_winapi = popen_spawn_win32._winapi


class _Winapi:
    """_winapi, but for new processes, each of which is a group of its own."""

    def __getattr__(self, name):
        return getattr(_winapi, name)

    def CreateProcess(self, program, command, process, thread, inherit, flags, *more):
        flags |= subprocess.CREATE_NEW_PROCESS_GROUP
        return _winapi.CreateProcess(program, command, process, thread, inherit, flags, *more)


class Popen(popen_spawn_win32.Popen):
    __init__ = started.elsewhere(
        popen_spawn_win32.Popen.__init__, spawn=started.Spawn(), _winapi=_Winapi()
    )


def begin_tracker():
    pass  # loky has one of its own


def shielded():
    return contextlib.nullcontext()


def leave_ctrl_c():
    signal.signal(signal.SIGINT, lambda *_: None)


def own_group():
    return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}


def kill(pid):
    os.kill(pid, signal.SIGTERM)  # TerminateProcess(): nothing of the process runs any more


def kill_group(pid):
    for each in process_tree.tree(pid):
        with contextlib.suppress(OSError):
            kill(each)
