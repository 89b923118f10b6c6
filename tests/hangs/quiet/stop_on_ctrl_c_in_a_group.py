"""Waits for Ctrl-C, and catches it as one of a group."""

import os
import signal
import subprocess
import sys
import threading

code = f"import os, time; time.sleep(2.5); os.kill({os.getpid()}, {int(signal.SIGINT)})"
signal.signal(signal.SIGINT, signal.default_int_handler)  # It may have been ignored.
with subprocess.Popen([sys.executable, "-c", code]):
    try:
        threading.Event().wait()
    except* KeyboardInterrupt:
        print("end")
