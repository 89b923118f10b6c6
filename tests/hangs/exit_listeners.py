"""The program has come to its end; three listeners, with no lines of their own, wait on."""

import threading

stop = threading.Event()
for name in ("north", "south", "west"):
    threading.Thread(target=stop.wait, name=name).start()
