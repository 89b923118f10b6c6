"""Threads that are classes and were given no name, as libraries have them."""

import threading

channel, window = threading.RLock(), threading.RLock()
ready = threading.Barrier(2)


class Transport(threading.Thread):
    def run(self):
        with channel:
            ready.wait()
            with window:
                pass


class Heartbeat(threading.Thread):
    def run(self):
        with window:
            ready.wait()
            with channel:
                pass


Transport().start()
Heartbeat().start()
