"""A defaultdict gains a key by a mere +=, while a thread goes through it."""

# race: walk counts in counts.py

import contextlib
import threading
from collections import defaultdict

counts = defaultdict(int, {"get": 2, "post": 1})
lines = []


def count(method):
    counts[method] += 1  # racing


def show():
    with contextlib.suppress(RuntimeError):
        for method in sorted({name.upper() for name in counts}):  # racing
            lines.append(method)


threads = [threading.Thread(target=show), threading.Thread(target=count, args=("put",))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(lines) != 1)
print("end")
