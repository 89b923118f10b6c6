"""Workers wait for the next item; nobody tells them that there is none."""

import queue
import threading

jobs = queue.Queue()


def work():
    while True:
        job = jobs.get()
        if job is None:
            break


workers = [threading.Thread(target=work, name=f"worker-{i}") for i in range(2)]
for worker in workers:
    worker.start()
for number in range(5):
    jobs.put(number)
for worker in workers:
    worker.join()
