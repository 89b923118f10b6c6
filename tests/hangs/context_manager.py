"""A context manager that takes a lock, around code that takes it again."""

import contextlib
import threading

table = threading.RLock()
index = threading.RLock()
ready = threading.Barrier(2)


@contextlib.contextmanager
def locked(lock, timeout=-1):
    if not lock.acquire(timeout=timeout):
        raise TimeoutError
    try:
        yield
    finally:
        lock.release()


def insert():
    with locked(table):
        ready.wait()
        with locked(index):
            pass


def rebuild():
    with locked(index):
        ready.wait()
        with locked(table):
            pass


threading.Thread(target=insert, name="insert").start()
threading.Thread(target=rebuild, name="rebuild").start()
