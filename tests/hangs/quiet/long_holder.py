"""A lock that is held for long by a thread that works."""

import threading
import time

lock = threading.Lock()
held = threading.Event()


def work():
    with lock:
        held.set()
        limit = time.monotonic() + 2.5
        while time.monotonic() < limit:
            sum(range(1000))


threading.Thread(target=work).start()
held.wait()
with lock:
    print("end")
