"""A server: workers wait for jobs, and the main thread for Ctrl-C, whose handler is its own."""

import os
import queue
import signal
import subprocess
import sys
import threading

jobs, stop = queue.Queue(), threading.Event()
worker = threading.Thread(target=jobs.get)
worker.start()
signal.signal(signal.SIGINT, lambda *_: stop.set())
code = f"import os, time; time.sleep(2.5); os.kill({os.getpid()}, {int(signal.SIGINT)})"
sender = subprocess.Popen([sys.executable, "-c", code])
stop.wait()
jobs.put(None)
worker.join()
sender.wait()
print("end")
