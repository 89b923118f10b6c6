"""A task that asks for its own result."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

pool = ThreadPoolExecutor(2, thread_name_prefix="pool")
known = Event()
tasks = {}


def total():
    known.wait()
    return sum(task.result() for task in tasks.values())


tasks["total"] = pool.submit(total)
known.set()
print(tasks["total"].result())
