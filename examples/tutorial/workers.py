"""Three worker threads that are given tasks as they become free.

Starting a thread for each of a million tasks would be wasteful. A pool starts a few
threads once; each takes the next task from a queue whenever it has finished the last.

Run it:  python examples/tutorial/workers.py
"""

import queue
import threading

WORKERS = 3
WORDS = ["warp", "weft", "heddle", "shuttle", "bobbin", "reed", "treadle", "raddle"]

tasks = queue.Queue()  # a queue locks itself: many threads may use it at once
results = queue.Queue()


def work():
    while True:
        word = tasks.get()  # sleeps until there is something to do
        if word is None:  # our own sign for "no more tasks"
            return
        results.put((word, len(word)))


if __name__ == "__main__":
    workers = [threading.Thread(target=work, name=f"worker-{n}") for n in range(WORKERS)]
    for worker in workers:
        worker.start()

    for word in WORDS:
        tasks.put(word)
    for _ in workers:
        tasks.put(None)  # one "no more tasks" for each worker
    for worker in workers:
        worker.join()

    # Which worker did which word, and in which order, is different every time.
    # Sorting makes the output the same every time.
    lengths = dict(results.get() for _ in WORDS)
    for word in sorted(lengths):
        print(f"{word} has {lengths[word]} letters")
    print(f"{len(lengths)} tasks done by {len(workers)} workers")
