"""An LRU with one lock around all that looks things up, moves them and drops them."""

import threading
from collections import OrderedDict


class Lru:
    def __init__(self, size):
        self.lock = threading.Lock()
        self.size = size
        self.entries = OrderedDict()
        self.hits = self.misses = 0

    def get(self, key, make):
        with self.lock:
            if key in self.entries:
                self.entries.move_to_end(key)
                self.hits += 1
                return self.entries[key]
            self.misses += 1
        value = make(key)
        with self.lock:
            self.entries.setdefault(key, value)
            while len(self.entries) > self.size:
                self.entries.popitem(last=False)
        return value

    def keys(self):
        with self.lock:
            return [key for key in self.entries]


def work(lru, keys):
    for key in keys:
        lru.get(key, str.upper)
        lru.keys()


lru = Lru(2)
threads = [threading.Thread(target=work, args=(lru, keys)) for keys in ("abc", "bca")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(lru.keys()), lru.hits + lru.misses)
print("end")
