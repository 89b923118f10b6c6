"""A listener writes what is logged; a thread logs now and then, the others wait for it."""

import logging
import logging.handlers
import queue
import sys
import threading
import time

lines = queue.Queue()
listener = logging.handlers.QueueListener(lines, logging.StreamHandler(sys.stdout))
listener.start()
log = logging.getLogger("app")
log.addHandler(logging.handlers.QueueHandler(lines))
log.propagate = False


def work():
    time.sleep(2.5)
    log.warning("end")


worker = threading.Thread(target=work)
worker.start()
worker.join()
listener.stop()
