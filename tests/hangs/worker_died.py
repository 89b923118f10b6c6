"""A worker dies of an item; the main thread waits for ever for that item to be done."""

import queue
import threading

threading.excepthook = lambda details: None  # As where nobody reads the log.
orders = queue.Queue()


def receive():
    while True:
        item = orders.get()
        print(100 / item)
        orders.task_done()


threading.Thread(target=receive, name="receiver", daemon=True).start()
for amount in (2, 1, 0, 5):
    orders.put(amount)
orders.join()
