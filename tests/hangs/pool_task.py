"""A task waits for another task of the same pool, which has no worker left."""

from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pool")


def outer():
    inner = pool.submit(sum, [1, 2])
    return inner.result()


answer = pool.submit(outer)
print(answer.result())
