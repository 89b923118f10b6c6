"""A signal's handler takes the lock that the interrupted code has acquired."""

import os
import signal
import threading
import time

counts = threading.Lock()


def on_usr1(*_):
    with counts:
        print("handled")


signal.signal(signal.SIGUSR1, on_usr1)
threading.Thread(target=time.sleep, args=(1000,), daemon=True, name="metrics").start()
counts.acquire()
os.kill(os.getpid(), signal.SIGUSR1)
counts.release()
