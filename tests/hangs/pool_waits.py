"""Tasks of a pool wait for other tasks of that pool, all of them at once."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait

pool = ThreadPoolExecutor(2, thread_name_prefix="page")
both_here = threading.Barrier(2)


def fetch(number):
    return number


def render(number):
    both_here.wait()
    parts = [pool.submit(fetch, number + step) for step in range(3)]
    done, _ = wait(parts)
    return sum(part.result() for part in done)


pages = [pool.submit(render, number) for number in range(2)]
wait(pages)
