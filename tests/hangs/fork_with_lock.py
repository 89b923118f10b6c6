"""A fork while another thread holds a lock: in the child nobody will release it."""

import os
import threading

log_lock = threading.Lock()
held, done = threading.Event(), threading.Event()


def write():
    with log_lock:
        held.set()
        done.wait()


threading.Thread(target=write, name="writer").start()
held.wait()
child = os.fork()
if child == 0:
    with log_lock:
        os._exit(0)
os.waitpid(child, 0)
