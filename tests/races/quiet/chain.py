"""A thread starts the next, which starts the next; each joins the one that it started."""

import threading


class Trail:
    def __init__(self):
        self.length = 0
        self.down = []
        self.up = {}


def walk(trail, depth):
    trail.length += 1
    trail.down = [*trail.down, depth]
    if depth < 4:
        following = threading.Thread(target=walk, args=(trail, depth + 1))
        following.start()
        following.join()
    trail.length += 10
    trail.up["last"] = depth


trail = Trail()
walk(trail, 0)
print(trail.length, trail.down, trail.up)
print("end")
