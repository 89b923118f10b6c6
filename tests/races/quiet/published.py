"""A tree is built by one thread, announced, and then only read, by many at once."""

import threading


class Node:
    def __init__(self, value, *children):
        self.value = value
        self.children = list(children)
        self.depth = 0

    def number(self, depth=0):
        self.depth = depth
        for child in self.children:
            child.number(depth + 1)

    def total(self):
        return self.value * self.depth + sum(child.total() for child in self.children)


class Forest:
    def __init__(self):
        self.planted = threading.Event()
        self.root = None

    def plant(self):
        root = Node(1, Node(2, Node(3)), Node(4))
        root.number()
        self.root = root
        self.planted.set()

    def measure(self, out):
        self.planted.wait()
        out.append(self.root.total())


forest, out = Forest(), []
threads = [threading.Thread(target=forest.measure, args=(out,)) for _ in range(3)]
for thread in threads:
    thread.start()
forest.plant()
for thread in threads:
    thread.join()
print(out)
print("end")
