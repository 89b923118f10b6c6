"""A service that stands idle until SIGTERM comes: workers, an executor and the main thread."""

import os
import queue
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

jobs, stop, pool = queue.Queue(), threading.Event(), ThreadPoolExecutor(2)
pool.submit(int).result()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
worker = threading.Thread(target=jobs.get)
worker.start()
code = f"import os, time; time.sleep(6.5); os.kill({os.getpid()}, {int(signal.SIGTERM)})"
sender = subprocess.Popen([sys.executable, "-c", code])
stop.wait()
jobs.put(None)
worker.join()
sender.wait()
print("end")
