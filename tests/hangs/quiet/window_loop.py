"""A window's loop: it looks into a queue every now and then, as tkinter's after() has it."""

import queue
import threading
import time

events, results = queue.Queue(), queue.Queue()


def compute():
    events.get()
    time.sleep(2.5)
    results.put("end")


threading.Thread(target=compute, daemon=True).start()
events.put("clicked")
while True:
    try:
        print(results.get_nowait())
        break
    except queue.Empty:
        time.sleep(0.05)
