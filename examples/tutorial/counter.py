"""Two threads add to one counter, guarded with acquire() and release().

Without the lock, both threads could read the same old value, add one to it, and write
the same new value back: one of the two additions would be lost.

Run it:  python examples/tutorial/counter.py
"""

import threading

ADDITIONS = 10_000

counter = 0
lock = threading.Lock()


def add_many():
    global counter  # the one counter of the program, not a copy of our own
    for _ in range(ADDITIONS):
        lock.acquire()  # only one thread at a time gets past this line
        try:
            counter += 1
        finally:
            lock.release()  # always give it back, whatever happened


if __name__ == "__main__":
    threads = [threading.Thread(target=add_many) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"counter: {counter}")
