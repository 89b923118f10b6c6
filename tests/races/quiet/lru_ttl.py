"""An LRU cache with a time to live, statistics and single flight."""

import collections
import threading
import time


class Entry:
    __slots__ = ("expires", "hits", "value")

    def __init__(self, value, expires):
        self.value, self.expires, self.hits = value, expires, 0


class Call:
    def __init__(self):
        self.event = threading.Event()
        self.value = None
        self.error = None


class Cache:
    def __init__(self, size, ttl):
        self.size, self.ttl = size, ttl
        self._lock = threading.RLock()
        self._entries = collections.OrderedDict()
        self._calls = {}
        self.hits = self.misses = self.evicted = 0

    def _fresh(self, key):
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or entry.expires < time.monotonic():
                self._entries.pop(key, None)
                self.misses += 1
                return None
            self._entries.move_to_end(key)
            entry.hits += 1
            self.hits += 1
            return entry

    def get(self, key, load):
        entry = self._fresh(key)
        if entry is not None:
            return entry.value
        with self._lock:
            call = self._calls.get(key)
            mine = call is None
            if mine:
                call = self._calls[key] = Call()
        if not mine:
            call.event.wait()
            if call.error:
                raise call.error
            return call.value
        try:
            call.value = load(key)
        except Exception as error:
            call.error = error
            raise
        else:
            self.put(key, call.value)
        finally:
            with self._lock:
                del self._calls[key]
            call.event.set()
        return call.value

    def put(self, key, value):
        with self._lock:
            self._entries[key] = Entry(value, time.monotonic() + self.ttl)
            while len(self._entries) > self.size:
                self._entries.popitem(last=False)
                self.evicted += 1

    def stats(self):
        with self._lock:
            return {"hits": self.hits, "misses": self.misses, "evicted": self.evicted}


cache = Cache(8, 0.02)


def load(key):
    time.sleep(0.0005)
    if key == 13:
        raise LookupError(key)
    return {"key": key, "square": key * key}


def work(seed):
    for at in range(40):
        key = (seed * 7 + at * at) % 14
        try:
            assert cache.get(key, load)["square"] == key * key
        except LookupError as error:
            assert error.args == (13,)


threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
s = cache.stats()
print(s["hits"] + s["misses"] > 0)
print("end")
