"""Objects that live shortly are made by many threads, so that one is where another was."""

import threading


class Point:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def move(self, by):
        self.x += by
        self.y += by


class Path:
    def __init__(self):
        self.length = 0

    def add(self, number):
        if self.length == 0:
            self.length = 1
        self.length += number


def work(out):
    total = 0
    for number in range(50):
        point, path, counts = Point(number, 1), Path(), {"n": 0}
        point.move(2)
        path.add(point.y)
        counts["n"] += path.length
        items = [counts["n"], 0]
        items[1] += items[0]
        total += point.x + items[1]
    out.append(total)


out = []
for _ in range(3):
    threads = [threading.Thread(target=work, args=(out,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(len(out), set(out))
print("end")
