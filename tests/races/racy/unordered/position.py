"""A position, a named tuple, is replaced under a lock and read without it."""

# race: unordered Ship.position

import threading
from typing import NamedTuple


class Point(NamedTuple):
    x: int
    y: int


class Ship:
    def __init__(self):
        self.lock = threading.Lock()
        self.position = Point(0, 0)

    def move(self, x, y):
        with self.lock:
            self.position = Point(x, y)  # racing

    def distance(self):
        return abs(self.position.x) + abs(self.position.y)  # racing


ship, out = Ship(), []
moving = threading.Thread(target=ship.move, args=(3, 4))
looking = threading.Thread(target=lambda: out.append(ship.distance()))
moving.start()
looking.start()
moving.join()
looking.join()
print(0 <= out[0] <= 7)
print("end")
