"""A worker waits for items while the main thread sleeps."""

import queue
import threading
import time

items = queue.Queue()
worker = threading.Thread(target=items.get)
worker.start()
time.sleep(2.5)
items.put("late")
worker.join()
print("end")
