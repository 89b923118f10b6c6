"""The last line has run; a thread works on until a signal's handler tells it to end."""

import os
import signal
import subprocess
import sys
import threading

stop = threading.Event()


def work():
    stop.wait()
    sender.wait()
    print("end")


signal.signal(signal.SIGTERM, lambda *_: stop.set())
code = f"import os, time; time.sleep(6.5); os.kill({os.getpid()}, {int(signal.SIGTERM)})"
sender = subprocess.Popen([sys.executable, "-c", code])
threading.Thread(target=work).start()
