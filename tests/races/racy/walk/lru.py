"""An LRU is shown from its oldest entry while an entry is moved to the end."""

# race: walk Lru.entries

import contextlib
import threading
from collections import OrderedDict


class Lru:
    def __init__(self, **entries):
        self.entries = OrderedDict(entries)

    def touch(self, key):
        self.entries.move_to_end(key)  # racing

    def show(self, out):
        with contextlib.suppress(RuntimeError):
            for key in self.entries:  # racing
                out.append(key)


lru, out = Lru(a=1, b=2, c=3), []
threads = [
    threading.Thread(target=lru.show, args=(out,)),
    threading.Thread(target=lru.touch, args=("a",)),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(out) >= 1)
print("end")
