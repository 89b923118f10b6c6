"""What there is to do comes from a signal's handler; all threads sleep until then."""

import os
import queue
import signal
import subprocess
import sys
import threading

jobs = queue.Queue()
signal.signal(signal.SIGUSR1, lambda *_: jobs.put("end"))
worker = threading.Thread(target=lambda: print(jobs.get()))
worker.start()
code = f"import os, time; time.sleep(6.5); os.kill({os.getpid()}, {int(signal.SIGUSR1)})"
sender = subprocess.Popen([sys.executable, "-c", code])
worker.join()
sender.wait()
