"""Records as JSON, read by a parser in Python, and gathered by customer."""

import queue
import threading

import measured


class Parser:
    def __init__(self, text):
        self.text, self.at = text, 0

    def peek(self):
        while self.text[self.at] in " \n":
            self.at += 1
        return self.text[self.at]

    def expect(self, letter):
        if self.peek() != letter:
            raise ValueError(f"{letter!r} expected at {self.at}")
        self.at += 1

    def value(self):
        letter = self.peek()
        if letter == "{":
            return self.object()
        if letter == "[":
            return self.array()
        if letter == '"':
            return self.string()
        return self.number()

    def object(self):
        made = {}
        self.expect("{")
        while True:
            key = self.string()
            self.expect(":")
            made[key] = self.value()
            if self.peek() == "}":
                self.at += 1
                return made
            self.expect(",")

    def array(self):
        made = []
        self.expect("[")
        while True:
            made.append(self.value())
            if self.peek() == "]":
                self.at += 1
                return made
            self.expect(",")

    def string(self):
        self.expect('"')
        end = self.text.index('"', self.at)
        made, self.at = self.text[self.at : end], end + 1
        return made

    def number(self):
        start = self.at
        while self.text[self.at].isdigit():
            self.at += 1
        return int(self.text[start : self.at])


class Sales:
    def __init__(self):
        self.lock = threading.Lock()
        self.customers = {}
        self.count = 0

    def add(self, record):
        with self.lock:
            self.count += 1
            customer = self.customers.setdefault(record["customer"], {"orders": 0, "sum": 0})
            customer["orders"] += 1
            for item in record["items"]:
                customer["sum"] += item["price"] * item["count"]


def record(number):
    items = ", ".join(
        f'{{"name": "item {each}", "price": {each + 2}, "count": {number % 3 + 1}}}'
        for each in range(number % 4 + 1)
    )
    return f'{{"id": {number}, "customer": "c{number % 6}", "items": [{items}]}}'


def work(texts, sales):
    for text in iter(texts.get, None):
        sales.add(Parser(text).value())


def main(scale):
    texts, sales = queue.SimpleQueue(), Sales()
    threads = [threading.Thread(target=work, args=(texts, sales)) for _ in range(4)]
    for thread in threads:
        thread.start()
    expected = 0
    for number in range(scale):
        texts.put(record(number))
        expected += sum(each + 2 for each in range(number % 4 + 1)) * (number % 3 + 1)
    for _ in threads:
        texts.put(None)
    for thread in threads:
        thread.join()
    assert sales.count == scale
    assert sum(customer["sum"] for customer in sales.customers.values()) == expected


if __name__ == "__main__":
    measured.run(main, 42_000)
