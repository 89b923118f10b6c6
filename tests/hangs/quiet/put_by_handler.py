"""The main thread waits for an item that a handler puts, in a function of its own."""

import os
import queue
import signal
import subprocess
import sys

jobs = queue.Queue()


def handler(*_, put=jobs.put):
    put("end")


signal.signal(signal.SIGUSR1, handler)
code = f"import os, time; time.sleep(6.5); os.kill({os.getpid()}, {int(signal.SIGUSR1)})"
with subprocess.Popen([sys.executable, "-c", code]):
    print(jobs.get())
