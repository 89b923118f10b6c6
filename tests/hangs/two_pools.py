"""Two pools of one worker each: a task of either waits for one that is queued in the other."""

import threading
from concurrent.futures import ThreadPoolExecutor

readers, writers = ThreadPoolExecutor(1, "reader"), ThreadPoolExecutor(1, "writer")
both_here = threading.Barrier(2)


def read():
    both_here.wait()
    return writers.submit(print, "read").result()


def write():
    both_here.wait()
    return readers.submit(print, "written").result()


asked = [readers.submit(read), writers.submit(write)]
print([future.result() for future in asked])
