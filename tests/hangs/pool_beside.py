"""Nested tasks take all workers of a pool, while a heartbeat ticks."""

import threading
from concurrent.futures import ThreadPoolExecutor

stop, both_here = threading.Event(), threading.Barrier(2)


def beat():
    while not stop.wait(0.1):
        pass


def part(number):
    return number + 1


def whole(number):
    both_here.wait()
    return pool.submit(part, number).result()


threading.Thread(target=beat, name="heartbeat", daemon=True).start()
pool = ThreadPoolExecutor(2, thread_name_prefix="task")
print([future.result() for future in [pool.submit(whole, number) for number in range(2)]])
