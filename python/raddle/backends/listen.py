"""In a worker interpreter: wait for the word to stop, and then stop the task."""

import contextlib
import os
import threading

from raddle.backends import work


class Stopped(BaseException):
    """Raised in a worker's task when its map has been interrupted."""


_lock = threading.Lock()  # guards the two below
_inside = None  # the thread that is inside a task
_struck = False  # Stopped has been sent to it


def attend(function, data, patience):
    """work.run(), which the word stops."""
    global _inside, _struck
    try:
        with _lock:
            _inside = threading.get_ident()
        return work.run(function, data, patience)
    finally:
        while True:
            try:
                with _lock:
                    struck, _inside = _struck, None
                if struck:
                    _raise(threading.get_ident(), None)
                break
            except Stopped:
                continue


def begin(fd):
    """Listen to `fd`, for the interpreter that this is called in."""
    fd = os.dup(fd)  # the other end may close its own while this one is read from
    threading.Thread(target=_listen, args=(fd,), name="raddle-listen").start()


def _listen(fd):
    global _struck
    try:
        word = os.read(fd, 1)
    except OSError:
        return
    finally:
        os.close(fd)
    if word == b"!":
        with _lock:
            if _inside is not None:
                _struck = True
                _raise(_inside, Stopped)


def _raise(ident, kind):
    with contextlib.suppress(ImportError, AttributeError):
        import ctypes

        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(ident), ctypes.py_object(kind) if kind is not None else None
        )
