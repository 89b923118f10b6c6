"""Asking for a result with the lock held that the task needs, while other threads go on."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor


class Store:
    def __init__(self):
        self.lock = threading.RLock()
        self.pool = ThreadPoolExecutor(2, thread_name_prefix="writer")

    def write(self, key):
        with self.lock:
            print(key)

    def flush(self):
        with self.lock:
            written = self.pool.submit(self.write, "a")
            written.result()


def beat():
    while True:
        time.sleep(0.01)


threading.Thread(target=beat, name="heartbeat", daemon=True).start()
Store().flush()
