"""A program that serves until Ctrl-C: all its threads sleep, and that is right."""

import os
import signal
import subprocess
import sys
import threading

wanted = f"import os, time; time.sleep(3); os.kill({os.getpid()}, {int(signal.SIGINT)})"
someone = subprocess.Popen([sys.executable, "-c", wanted])
signal.signal(signal.SIGINT, signal.default_int_handler)  # It may have been ignored.
try:
    threading.Event().wait()
except KeyboardInterrupt:
    someone.wait()
print("end")
