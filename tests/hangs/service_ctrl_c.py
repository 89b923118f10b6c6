"""A submitter waits for a permit that nobody gives back; Ctrl-C would be caught."""

import queue
import signal
import threading

signal.signal(signal.SIGINT, signal.default_int_handler)
tasks, permits = queue.Queue(), threading.BoundedSemaphore(2)


def run():
    while True:
        tasks.get()


threading.Thread(target=run, name="runner", daemon=True).start()
try:
    for task in range(3):
        permits.acquire()
        tasks.put(task)
except KeyboardInterrupt:
    print("stopped")
