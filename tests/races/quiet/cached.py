"""lru_cache and cached_property under a lock, and a memo that was filled before the start."""

import functools
import threading

lock = threading.Lock()
computed = 0
memo = {number: number**2 for number in range(10)}


@functools.lru_cache(maxsize=16)
def cube(number):
    global computed
    computed += 1
    return number**3


class Text:
    def __init__(self, text):
        self.text = text
        self.lock = threading.Lock()
        self.splits = 0

    @functools.cached_property
    def words(self):
        self.splits += 1
        return self.text.split()

    def count(self):
        with self.lock:
            return len(self.words)


def work(text, out):
    with lock:
        value = cube(3)
    out.append((value, memo[4], text.count()))


text, out = Text("to be or not"), []
threads = [threading.Thread(target=work, args=(text, out)) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(out, computed, text.splits)
print("end")
