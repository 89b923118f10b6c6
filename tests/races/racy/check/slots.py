"""A parser with slots keeps its tokens after the first use. Two can split the text."""

# race: check Parser._tokens

import threading


class Parser:
    __slots__ = ("_tokens", "text")

    def __init__(self, text):
        self.text = text
        self._tokens = None

    def parse(self):
        if self._tokens is None:  # racing
            self._tokens = self.text.split()  # racing


parser = Parser("x = 1")
threads = [threading.Thread(target=parser.parse) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(parser._tokens)
print("end")
