"""Two threads count visits, each with a lock in hand that both may hold at once, to read."""

# race: update visits in read_only.py

import threading

from raddle import sync

visits = 0
lock = sync.RWLock()


def visit():
    global visits
    with lock.read:
        visits += 1  # racing


threads = [threading.Thread(target=visit) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(visits)
print("end")
