"""The program has come to its end; an upload waits for what an atexit handler would do."""

import atexit
import threading
from concurrent.futures import ThreadPoolExecutor

stop = threading.Event()
uploads = ThreadPoolExecutor(2, thread_name_prefix="uploads")


def upload():
    stop.wait()


uploads.submit(upload)
atexit.register(stop.set)
