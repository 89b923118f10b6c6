"""A cache of the pages used last: a dict and a linked list, under one lock."""

import random
import threading

import measured


class Node:
    __slots__ = ("after", "before", "key", "value")

    def __init__(self, key=None, value=None):
        self.key, self.value = key, value
        self.before = self.after = self


class Lru:
    def __init__(self, size, load):
        self.size, self.load = size, load
        self.lock = threading.RLock()
        self.nodes = {}
        self.ring = Node()
        self.hits = self.misses = 0

    def get(self, key):
        with self.lock:
            node = self.nodes.get(key)
            if node is None:
                self.misses += 1
                node = Node(key, self.load(key))
                self.nodes[key] = node
                if len(self.nodes) > self.size:
                    self.drop()
            else:
                self.hits += 1
                node.before.after = node.after
                node.after.before = node.before
            self.link(node)
            return node.value

    def link(self, node):
        last = self.ring.before
        node.before, node.after = last, self.ring
        last.after = self.ring.before = node

    def drop(self):
        with self.lock:
            oldest = self.ring.after
            self.ring.after = oldest.after
            oldest.after.before = self.ring
            del self.nodes[oldest.key]


def read(lru, seed, rounds):
    chance = random.Random(seed)
    for _ in range(rounds):
        number = int(chance.random() * chance.random() * 600)
        assert lru.get(number) == number * number


def main(scale):
    lru = Lru(200, lambda number: number * number)
    threads = [threading.Thread(target=read, args=(lru, seed, scale)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lru.hits + lru.misses == 4 * scale
    assert len(lru.nodes) == 200
    count, node = 0, lru.ring.after
    while node is not lru.ring:
        assert lru.nodes[node.key] is node
        count, node = count + 1, node.after
    assert count == 200


if __name__ == "__main__":
    measured.run(main, 65_000)
