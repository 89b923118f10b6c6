"""Word counts: each thread counts its pages, and adds them to the whole under a lock."""

import random
import threading
from collections import Counter, defaultdict

import measured

WORDS = ["the", "of", "and", "to", "in", "is", "it", "you", "that", "was", "for", "on", "with"]


class Counts:
    def __init__(self):
        self.lock = threading.Lock()
        self.words = defaultdict(int)
        self.pages = 0

    def add(self, counted):
        with self.lock:
            self.pages += 1
            for word, count in counted.items():
                self.words[word] += count


def page(number, length=200):
    chance = random.Random(number)
    return " ".join(chance.choices(WORDS, k=length)) + "."


def count(counts, pages):
    for text in pages:
        counted = {}
        word = ""
        for letter in text:
            if letter.isalpha():
                word += letter
            elif word:
                counted[word] = counted.get(word, 0) + 1
                word = ""
        counts.add(counted)


def main(scale):
    pages = [page(number) for number in range(scale)]
    counts = Counts()
    threads = [threading.Thread(target=count, args=(counts, pages[n::4])) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts.pages == scale
    assert counts.words == Counter(" ".join(pages).replace(".", "").split())


if __name__ == "__main__":
    measured.run(main, 4_500)
