"""Two threads add to one counter, guarded with a `with` block.

The same as counter.py, but shorter and harder to get wrong: `with lock:` takes the lock
and gives it back at the end of the block, also when something in the block fails.

Run it:  python examples/tutorial/counter_with.py
"""

import threading

ADDITIONS = 10_000

counter = 0
lock = threading.Lock()


def add_many():
    global counter
    for _ in range(ADDITIONS):
        with lock:
            counter += 1


if __name__ == "__main__":
    threads = [threading.Thread(target=add_many) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"counter: {counter}")
