"""Daemon workers idle while the main thread joins one that computes."""

import queue
import threading
import time

jobs = queue.Queue()
for _ in range(4):
    threading.Thread(target=jobs.get, daemon=True).start()


def compute():
    limit = time.monotonic() + 2.5
    while time.monotonic() < limit:
        sum(range(1000))


thread = threading.Thread(target=compute)
thread.start()
thread.join()
print("end")
