"""Two reentrant locks in two orders."""

import threading

tree = threading.RLock()
index = threading.RLock()
both_ready = threading.Barrier(2)


def insert():
    with tree:
        both_ready.wait()
        with index:
            pass


def rebuild():
    with index:
        both_ready.wait()
        with tree:
            pass


inserter = threading.Thread(target=insert, name="inserter")
inserter.start()
rebuild()
