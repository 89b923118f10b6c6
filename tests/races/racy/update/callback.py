"""Callbacks of futures move a progress bar in the pool's threads, without its lock."""

# race: update Bar.position

import threading
from concurrent.futures import ThreadPoolExecutor


class Bar:
    def __init__(self):
        self.lock = threading.RLock()
        self.position = 0
        self.width = 10

    def advance(self, future):
        self.position += future.result()  # racing

    def resize(self, width):
        with self.lock:
            self.width = width


def copy(size, begin):
    begin.wait()
    return size


bar = Bar()
begin = threading.Barrier(3)
with ThreadPoolExecutor(2) as pool:
    for future in [pool.submit(copy, size, begin) for size in (3, 4)]:
        future.add_done_callback(bar.advance)
    bar.resize(20)
    begin.wait()
print(bar.position)
print("end")
