"""A download manager: parts into one bytearray, progress under a lock, cancel flag, retries, a
speed that is polled."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed


class Part:
    def __init__(self, start, end):
        self.start, self.end, self.done, self.tries, self.error = start, end, 0, 0, None


class Download:
    def __init__(self, size, parts):
        step = size // parts
        self.data, self.parts = (
            bytearray(size),
            [Part(a, a + step) for a in range(0, size, step)],
        )
        self.lock, self.total, self.listeners, self.cancelled, self.finished = (
            threading.Lock(),
            0,
            [],
            False,
            threading.Event(),
        )
        self.started = time.monotonic()

    def fetch(self, part):
        while part.done < part.end - part.start:
            if self.cancelled:
                return None
            part.tries += 1
            if part.tries == 2:
                part.error = OSError(part.start)
                continue
            at = part.start + part.done
            self.data[at : at + 4] = bytes([part.start % 256] * 4)
            part.done += 4
            with self.lock:
                self.total += 4
                total, listeners = self.total, list(self.listeners)
            for each in listeners:
                each(total)
        return part

    def run(self):
        with ThreadPoolExecutor(3) as pool:
            fs = [pool.submit(self.fetch, p) for p in self.parts]
            for f in as_completed(fs):
                p = f.result()
                p.done += 0
                p.error = None
        self.finished.set()


class Bar:
    def __init__(self):
        self.lock, self.best, self.calls = threading.Lock(), 0, 0

    def __call__(self, total):
        with self.lock:
            self.best = max(self.best, total)
            self.calls += 1

    def show(self):
        with self.lock:
            return f"{self.best} {self.calls}"


d, bar = Download(96, 4), Bar()
d.listeners.append(bar)
t = threading.Thread(target=d.run)
t.start()
while not d.finished.wait(0.001):
    bar.show()
t.join()
print(bar.show(), d.total, sum(p.tries for p in d.parts), len(set(d.data)))
print("end")
