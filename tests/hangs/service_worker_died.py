"""A service that SIGTERM ends waits for items that its dead worker was to deal with."""

import queue
import signal
import sys
import threading

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
signal.signal(signal.SIGINT, signal.default_int_handler)
uploads = queue.Queue()


def upload():
    while True:
        size = uploads.get()
        print(100 // size)
        uploads.task_done()


threading.excepthook = lambda what: None
threading.Thread(target=upload, name="uploader", daemon=True).start()
for size in (4, 0, 2):
    uploads.put(size)
uploads.join()
