"""The thread that was to set the event has left early."""

import threading

loaded = threading.Event()
config = {}


def load():
    if "path" not in config:
        return
    loaded.set()


threading.Thread(target=load, name="loader").start()
loaded.wait()
