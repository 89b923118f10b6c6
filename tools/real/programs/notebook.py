"""What a notebook's user does with threads, a cell each; and what the cell prints."""

CELLS = [
    ("print(__import__('raddle').installed())", "True\n"),
    (
        """
import threading
found = []
threads = [threading.Thread(target=lambda n=n: found.append(n * n)) for n in range(10)]
for each in threads: each.start()
for each in threads: each.join()
print(sorted(found))
""",
        f"{[n * n for n in range(10)]}\n",
    ),
    (
        """
import time
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(4)
def slowly(n):
    time.sleep(0.01)
    return n * n
print(sum(pool.map(slowly, range(40))))
""",
        f"{sum(n * n for n in range(40))}\n",
    ),
    (
        """
import queue
items = queue.Queue()
def work():
    while True:
        got.append(items.get())
        items.task_done()
got = []
threading.Thread(target=work, daemon=True).start()
for n in range(100): items.put(n)
items.join()
print(len(got))
""",
        "100\n",
    ),
    (
        """
def speak():
    for n in range(3): print("thread", n, flush=True)
speaker = threading.Thread(target=speak); speaker.start(); speaker.join()
""",
        "thread 0\nthread 1\nthread 2\n",
    ),
    (
        """
import asyncio
print(await asyncio.gather(*(asyncio.to_thread(slowly, n) for n in range(5))))
""",
        "[0, 1, 4, 9, 16]\n",
    ),
]
# Until the user interrupts the kernel.
WAITS = "print('waiting', flush=True); threading.Event().wait()"
