"""Worker processes on Linux, macOS and their like; the words are in `__init__.py`."""

import contextlib
import os
import signal
from multiprocessing import popen_spawn_posix, resource_tracker

from raddle._map.system import started


class Popen(popen_spawn_posix.Popen):
    _launch = started.elsewhere(popen_spawn_posix.Popen._launch, spawn=started.Spawn())


def begin_tracker():
    # loky starts it with the first process, and some versions unblock SIGINT after it.
    resource_tracker.ensure_running()


@contextlib.contextmanager
def shielded():
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def leave_ctrl_c():
    # Not SIG_IGN, which the programs that a task starts would inherit.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def own_group():
    return {"start_new_session": True}


def kill(pid):
    os.kill(pid, signal.SIGKILL)


def kill_group(pid):
    os.killpg(pid, signal.SIGKILL)
