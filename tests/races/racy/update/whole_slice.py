"""A list is sorted by a copy, and what others have put in meanwhile is lost."""
# race: update log in whole_slice.py

import threading

log = [3, 1, 2]


def sort():
    log[:] = sorted(log[:])  # racing


threads = [threading.Thread(target=sort) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("end")
