"""A request's thread has died long ago; the service stands idle until SIGTERM."""

import os
import signal
import subprocess
import sys
import threading

threading.excepthook = lambda what: None
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
request = threading.Thread(target=lambda: 1 / 0)
request.start()
request.join()
code = f"import os, time; time.sleep(6.5); os.kill({os.getpid()}, {int(signal.SIGTERM)})"
with subprocess.Popen([sys.executable, "-c", code]):
    stop.wait()
print("end")
