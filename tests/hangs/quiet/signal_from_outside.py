"""A signal from another process ends the wait of a lone thread."""

import os
import signal
import subprocess
import sys
import threading

stop = threading.Event()
signal.signal(signal.SIGUSR1, lambda *_: stop.set())
code = f"import os, time; time.sleep(2.5); os.kill({os.getpid()}, {int(signal.SIGUSR1)})"
sender = subprocess.Popen([sys.executable, "-c", code])
stop.wait()
sender.wait()
print("end")
