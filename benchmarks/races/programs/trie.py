"""A trie that threads add words to, with a lock for each first letter."""

import random
import string
import threading

import measured


class Node:
    __slots__ = ("children", "count", "ends")

    def __init__(self):
        self.children = {}
        self.count = 0
        self.ends = False


class Trie:
    def __init__(self):
        self.tops = {letter: Node() for letter in string.ascii_lowercase}
        self.locks = {letter: threading.Lock() for letter in string.ascii_lowercase}

    def add(self, word):
        with self.locks[word[0]]:
            if self._contains(word):
                return False
            node = self.tops[word[0]]
            node.count += 1
            for letter in word[1:]:
                if letter not in node.children:
                    node.children[letter] = Node()
                node = node.children[letter]
                node.count += 1
            node.ends = True
            return True

    def _contains(self, word):
        node = self.tops[word[0]]
        for letter in word[1:]:
            node = node.children.get(letter)
            if node is None:
                return False
        return node.ends

    def starting(self, start):
        with self.locks[start[0]]:
            node = self.tops[start[0]]
            for letter in start[1:]:
                node = node.children.get(letter)
                if node is None:
                    return 0
            return node.count


def words(seed, count):
    chance = random.Random(seed)
    for _ in range(count):
        yield "".join(chance.choices("abcdefgh", k=chance.randrange(2, 7)))


def fill(trie, seed, count, added):
    new = 0
    for word in words(seed, count):
        new += trie.add(word)
        assert trie.starting(word[:2]) > 0
    added[seed] = new


def main(scale):
    trie, added = Trie(), {}
    threads = [
        threading.Thread(target=fill, args=(trie, seed, scale, added)) for seed in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {word for seed in range(4) for word in words(seed, scale)}
    assert sum(added.values()) == len(expected)
    assert sum(node.count for node in trie.tops.values()) == len(expected)


if __name__ == "__main__":
    measured.run(main, 30_000)
