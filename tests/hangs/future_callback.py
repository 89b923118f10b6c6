"""A future's callback waits for another task of the one worker that runs the callback."""

import threading
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pool")
go, finished = threading.Event(), threading.Event()


def chain(done):
    second = pool.submit(str, done.result())
    print(second.result())
    finished.set()


first = pool.submit(go.wait)
first.add_done_callback(chain)
go.set()
finished.wait()
