"""Run `http.server` as `python -m http.server` does, and say whose threads served.

    raddle run examples/server/witness.py 8000 --bind 127.0.0.1

At the end one line of JSON goes to stderr: for each file in which a serving thread
began, how many requests' threads began there. Under plain python that is the standard
library's threading.py; under `raddle run` it is raddle's.
"""

import atexit
import json
import runpy
import socketserver
import sys
import threading
from collections import Counter

births = []  # list.append is atomic: no lock of our own disturbs the run
serve = socketserver.ThreadingMixIn.process_request_thread


def birthplace():
    """Return the file in which the thread that calls this began."""
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
    return frame.f_code.co_filename


def process_request_thread(self, request, client_address):
    births.append((birthplace(), type(threading.current_thread()).__name__))
    serve(self, request, client_address)


def testify():
    summary = {
        "births": Counter(file for file, _ in births),
        "classes": Counter(name for _, name in births),
        "start": threading.Thread.start.__code__.co_filename,
        "lock": f"{type(threading.Lock()).__module__}.{type(threading.Lock()).__name__}",
        "event": threading.Event.__module__,
    }
    print("witness:", json.dumps(summary), file=sys.stderr)


if __name__ == "__main__":
    socketserver.ThreadingMixIn.process_request_thread = process_request_thread
    atexit.register(testify)
    runpy.run_module("http.server", run_name="__main__", alter_sys=True)
