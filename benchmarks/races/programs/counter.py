"""Page hits, counted by page and in all, under one lock."""

import threading

import measured

PAGES = ("/", "/about", "/news", "/shop", "/shop/cart", "/login")


class Hits:
    def __init__(self):
        self.lock = threading.Lock()
        self.total = 0
        self.by_page = dict.fromkeys(PAGES, 0)
        self.longest = ""

    def hit(self, page):
        with self.lock:
            self.total += 1
            self.by_page[page] += 1
            if len(page) > len(self.longest):
                self.longest = page


def visit(hits, first, rounds):
    for number in range(first, first + rounds):
        hits.hit(PAGES[number % len(PAGES)])


def main(scale):
    hits = Hits()
    threads = [
        threading.Thread(target=visit, args=(hits, first, scale * len(PAGES)))
        for first in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hits.total == 4 * scale * len(PAGES)
    assert set(hits.by_page.values()) == {4 * scale}
    assert hits.longest == "/shop/cart"


if __name__ == "__main__":
    measured.run(main, 60_000)
