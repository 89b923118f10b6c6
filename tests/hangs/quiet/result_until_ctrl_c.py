"""A server of one task, which waits at a gate that Ctrl-C opens."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

signal.signal(signal.SIGINT, signal.default_int_handler)
gate = threading.Lock()
gate.acquire()


def serve():
    with gate:
        return "end"


code = f"import os, time; time.sleep(2.5); os.kill({os.getpid()}, {int(signal.SIGINT)})"
sender = subprocess.Popen([sys.executable, "-c", code])
with ThreadPoolExecutor() as pool:
    served = pool.submit(serve)
    try:
        served.result()
    except KeyboardInterrupt:
        gate.release()
    print(served.result())
sender.wait()
