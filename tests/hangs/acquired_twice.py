"""A method takes its lock by acquire() and calls another that does so, while a thread idles."""

import threading
import time


class Transport:
    def __init__(self):
        self.lock = threading.Lock()

    def send(self, data):
        self.lock.acquire()
        try:
            return len(data)
        finally:
            self.lock.release()

    def close(self):
        self.lock.acquire()
        try:
            self.send(b"bye")
        finally:
            self.lock.release()


threading.Thread(target=time.sleep, args=(1000,), name="keepalive", daemon=True).start()
transport = Transport()
closer = threading.Thread(target=transport.close, name="closer")
closer.start()
closer.join()
