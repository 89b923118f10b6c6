"""Old entries are deleted by one thread while another looks through them."""

# race: walk Cache.entries

import contextlib
import threading


class Cache:
    def __init__(self):
        self.entries = {"a": 1, "b": 9, "c": 2}

    def expire(self, key):
        del self.entries[key]  # racing

    def newest(self):
        newest = None
        for key in self.entries:  # racing
            newest = key
        return newest


def show(cache, out):
    with contextlib.suppress(RuntimeError):
        out.append(cache.newest())


cache, out = Cache(), []
showing = threading.Thread(target=show, args=(cache, out))
expiring = threading.Thread(target=cache.expire, args=("a",))
expiring.start()
showing.start()
expiring.join()
showing.join()
print(out in (["c"], []))
print("end")
