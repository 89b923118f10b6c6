"""Permits that come back slowly: many threads wait for one."""

import threading
import time

permits = threading.BoundedSemaphore(2)


def download():
    with permits:
        time.sleep(0.65)


threads = [threading.Thread(target=download) for _ in range(8)]
for each in threads:
    each.start()
for each in threads:
    each.join()
print("end")
