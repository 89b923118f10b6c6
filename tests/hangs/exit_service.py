"""The last line has run; a reader waits for what an atexit handler would put, on SIGTERM."""

import atexit
import queue
import signal
import sys
import threading

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
signal.signal(signal.SIGINT, signal.default_int_handler)
commands = queue.Queue()


def read():
    while commands.get() is not None:
        pass


threading.Thread(target=read, name="reader").start()
atexit.register(commands.put, None)
