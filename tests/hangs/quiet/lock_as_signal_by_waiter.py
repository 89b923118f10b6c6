"""A lock used as a signal by a thread that itself waits for another lock of the kind."""

import threading
import time

ping, pong = threading.Lock(), threading.Lock()
ping.acquire()
pong.acquire()


def answer():
    ping.acquire()
    time.sleep(2.5)
    pong.release()


threading.Thread(target=answer).start()
ping.release()
pong.acquire()
print("end")
