"""A signal handler takes the lock that the interrupted code holds."""

import os
import signal
import threading

state_lock = threading.Lock()


def reload(number, frame):
    with state_lock:
        print("reloaded")


signal.signal(signal.SIGUSR1, reload)
with state_lock:
    os.kill(os.getpid(), signal.SIGUSR1)
    print("working")
