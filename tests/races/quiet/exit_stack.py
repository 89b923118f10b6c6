"""The locks of all shelves are entered into an ExitStack while they are counted."""

import threading
from contextlib import ExitStack


class Shelf:
    def __init__(self):
        self.lock = threading.Lock()
        self.books = 0


shelves = [Shelf() for _ in range(3)]


def put(number):
    with shelves[number].lock:
        shelves[number].books += 1


def move_all(out):
    with ExitStack() as stack:
        for shelf in shelves:
            stack.enter_context(shelf.lock)
        total = sum(shelf.books for shelf in shelves)
        for shelf in shelves:
            shelf.books = 0
        shelves[0].books = total
    out.append(total)


out = []
threads = [threading.Thread(target=put, args=(n,)) for n in (0, 1, 2, 2)]
threads.insert(2, threading.Thread(target=move_all, args=(out,)))
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sum(shelf.books for shelf in shelves))
print("end")
