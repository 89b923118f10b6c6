"""Two tasks that ask for each other's results, while other threads go on."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

lefts = ThreadPoolExecutor(1, thread_name_prefix="lefts")
rights = ThreadPoolExecutor(1, thread_name_prefix="rights")
entered = threading.Event()
cells = {}


def left():
    entered.wait()
    return cells["right"].result() + 1


def right():
    entered.wait()
    return cells["left"].result() - 1


cells["left"] = lefts.submit(left)
cells["right"] = rights.submit(right)
entered.set()
while not cells["left"].done():
    time.sleep(0.01)
