"""Asking for a result with the lock held that the task needs."""

import threading
from concurrent.futures import ThreadPoolExecutor

cache_lock = threading.Lock()
cache = {}


def load(key):
    with cache_lock:
        cache[key] = key.upper()


pool = ThreadPoolExecutor(2, thread_name_prefix="loader")
with cache_lock:
    loading = pool.submit(load, "a")
    loading.result()
