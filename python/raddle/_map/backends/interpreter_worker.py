"""In a worker interpreter: run tasks, and wait for the message to stop the present one."""

import os
import threading
import time

from raddle._map.backends import remote_work
from raddle._map.backends.interrupt import Target

_target = None
_over = False  # whether that message has come: what has been taken on and not begun is not done
_refusal = None  # the outcome of every input, if the initializer could not be loaded here


def attend(function, data, time_slice, halt):
    """remote_work.run(), which that message stops."""
    if _refusal is not None:
        return [_refusal] * len(data), 0.0
    outcome = [], 0.0  # if it is stopped: nobody wants it any more

    def task():
        nonlocal outcome
        if _over:  # The listener says so first, and looks whether there is a task second.
            return
        outcome = remote_work.run(function, data, time_slice, halt=halt)

    _target.run(_target, task)
    return outcome


def refuse(error):
    """Do nothing here: the initializer could not be loaded."""
    global _refusal
    _refusal = *remote_work.failure(error), True


def begin(fd):
    """Listen to `fd`, for the thread and the interpreter that this is called in."""
    global _target
    _target = Target(threading.get_ident(), threading.RLock())
    fd = os.dup(fd)  # the other end may close its own while this one is read from
    try:
        threading.Thread(target=_listen, args=(fd,), name="raddle-listen").start()
    except RuntimeError:
        os.close(fd)  # tasks run, but cannot be stopped


def _listen(fd):
    try:
        word = os.read(fd, 1)
    except OSError:
        return
    finally:
        os.close(fd)
    if word != b"!":
        return
    global _over
    _over = True
    for _ in range(100):  # a destructor may have swallowed it, or the task itself
        if _target.owner is None:
            return
        _target.interrupt()
        time.sleep(0.05)
