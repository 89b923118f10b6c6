"""Waits for a worker until Ctrl-C, and then tells it to end."""

import os
import queue
import signal
import subprocess
import sys
import threading

signal.signal(signal.SIGINT, signal.default_int_handler)
jobs = queue.Queue()
worker = threading.Thread(target=lambda: print(jobs.get()))
worker.start()
code = f"import os, time; time.sleep(6.5); os.kill({os.getpid()}, {int(signal.SIGINT)})"
with subprocess.Popen([sys.executable, "-c", code]):
    try:
        worker.join()
    except KeyboardInterrupt:
        jobs.put("end")
        worker.join()
