"""A lock used as a signal: taken here, released by another thread, much later."""

import threading
import time

done = threading.Lock()
done.acquire()


def work():
    time.sleep(2.5)
    done.release()


threading.Thread(target=work).start()
done.acquire()
print("end")
