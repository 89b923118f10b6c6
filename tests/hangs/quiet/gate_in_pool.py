"""One worker of a pool stands at a gate, the other waits for a task that is queued."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

gate, both_here = threading.Lock(), threading.Barrier(2)
pool = ThreadPoolExecutor(2)
gate.acquire()


def stand():
    both_here.wait()
    gate.acquire()


def ask():
    both_here.wait()
    return pool.submit(str.lower, "END").result()


def open_gate():
    time.sleep(2.5)
    gate.release()


pool.submit(stand)
asked = pool.submit(ask)
threading.Thread(target=open_gate).start()
print(asked.result())
