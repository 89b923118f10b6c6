"""A lock is acquired; SIGUSR1's handler waits for it with a timeout, and goes without."""

import os
import signal
import threading
import time

counts = threading.Lock()
threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()


def on_usr1(*_):
    if not counts.acquire(timeout=1.5):
        print("end")


signal.signal(signal.SIGUSR1, on_usr1)
counts.acquire()
os.kill(os.getpid(), signal.SIGUSR1)
counts.release()
