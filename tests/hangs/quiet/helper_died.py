"""A thread dies of an exception that nobody minds, and the others go on."""

import queue
import threading
import time

threading.excepthook = lambda what: None
jobs = queue.Queue()


def work():
    while (job := jobs.get()) is not None:
        time.sleep(job)


threading.Thread(target=lambda: 1 / 0).start()
worker = threading.Thread(target=work)
worker.start()
jobs.put(2.5)
jobs.put(None)
worker.join()
print("end")
