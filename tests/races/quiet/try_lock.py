"""A lock is tried with a timeout or without blocking, and the value is only changed with it."""

import threading


class Cache:
    def __init__(self):
        self.lock = threading.Lock()
        self.size = 5
        self.cleaned = 0

    def clean(self):
        if not self.lock.acquire(blocking=False):
            return
        try:
            self.size = max(0, self.size - 1)
            self.cleaned += 1
        finally:
            self.lock.release()

    def grow(self):
        if self.lock.acquire(timeout=5):
            try:
                self.size += 1
            finally:
                self.lock.release()


cache = Cache()
threads = [threading.Thread(target=cache.clean) for _ in range(2)]
threads += [threading.Thread(target=cache.grow) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(cache.size + cache.cleaned, cache.cleaned >= 0)
print("end")
