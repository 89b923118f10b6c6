"""The program has come to its end; a reader waits for an item that nobody will put."""

import queue
import threading

jobs = queue.Queue()


def read():
    jobs.get()


def start():
    threading.Thread(target=read, name="reader").start()


starter = threading.Thread(target=start, name="starter")  # It ends, the reader does not.
starter.start()
starter.join()
