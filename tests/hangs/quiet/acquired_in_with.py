"""A thread waits for another to release the lock that it has entered itself."""

import threading
import time

lock = threading.Lock()


def release():
    time.sleep(2.5)
    lock.release()


threading.Thread(target=release).start()
with lock:
    lock.acquire()
print("end")
