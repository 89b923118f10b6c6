"""Visits are counted by a key that is made anew each time, and equal."""

# race: update visits[a Page]

import dataclasses
import threading


@dataclasses.dataclass(frozen=True)
class Page:
    host: str
    path: str


visits = {Page("localhost", "/"): 0}


def visit(path):
    visits[Page("localhost", path)] += 1  # racing


threads = [threading.Thread(target=visit, args=("/",)) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(visits))
print("end")
