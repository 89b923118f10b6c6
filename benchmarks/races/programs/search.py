"""An index of texts: writers add documents, and readers look words up meanwhile."""

import random
import threading

import measured

STEMS = ("red", "blue", "green", "fox", "dog", "bird", "house", "tree", "river", "stone")
ENDINGS = ("", "s", "ed", "ing", "ish")


class Index:
    def __init__(self, shards=8):
        self.shards = [({}, threading.Lock()) for _ in range(shards)]

    def shard(self, word):
        key = 0
        for letter in word:
            key = key * 31 + ord(letter)
        return self.shards[key % len(self.shards)]

    def add(self, document, text):
        for position, word in enumerate(text.split()):
            places, lock = self.shard(word)
            with lock:
                places.setdefault(word, []).append((document, position))

    def find(self, word):
        places, lock = self.shard(word)
        with lock:
            return {document for document, _ in places.get(word, ())}

    def both(self, first, second):
        return self.find(first) & self.find(second)


def text(number):
    chance = random.Random(number)
    return " ".join(chance.choice(STEMS) + chance.choice(ENDINGS) for _ in range(40))


def write(index, numbers):
    for number in numbers:
        index.add(number, text(number))


def read(index, rounds, found):
    for number in range(rounds):
        word = STEMS[number % len(STEMS)]
        found.append(len(index.both(word, word + "s")))


def main(scale):
    index, found = Index(), ([], [])
    writers = [
        threading.Thread(target=write, args=(index, range(n, scale, 2))) for n in range(2)
    ]
    readers = [threading.Thread(target=read, args=(index, scale // 3, each)) for each in found]
    for thread in writers + readers:
        thread.start()
    for thread in writers + readers:
        thread.join()
    texts = [set(text(number).split()) for number in range(scale)]
    for stem in STEMS:
        both = {n for n, words in enumerate(texts) if stem in words and stem + "s" in words}
        assert index.both(stem, stem + "s") == both
    assert all(len(each) == scale // 3 for each in found)


if __name__ == "__main__":
    measured.run(main, 3_300)
