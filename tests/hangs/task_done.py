"""Queue.join(), and nobody ever calls task_done()."""

import queue
import threading

tasks = queue.Queue()


def work():
    while True:
        print(tasks.get())


threading.Thread(target=work, name="worker", daemon=True).start()
for number in range(3):
    tasks.put(number)
tasks.join()
