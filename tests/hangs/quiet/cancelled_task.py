"""A task waits, not for ever, for another of its pool of one, until that is cancelled."""

import threading
import time
from concurrent.futures import CancelledError, ThreadPoolExecutor

pool = ThreadPoolExecutor(1)
queued = []
ready = threading.Event()


def whole():
    queued.append(pool.submit(print, "never"))
    ready.set()
    try:
        queued[0].result(timeout=30)
    except CancelledError:
        return "end"


asked = pool.submit(whole)
ready.wait()
time.sleep(2.5)
queued[0].cancel()
print(asked.result())
