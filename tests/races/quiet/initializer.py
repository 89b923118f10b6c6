"""A pool's initializer opens a connection for each of its threads, and tasks use their own."""

import threading
from concurrent.futures import ThreadPoolExecutor


class Connection:
    def __init__(self, url):
        self.url = url
        self.queries = 0

    def query(self, text):
        self.queries += 1
        return f"{self.url}: {text}"


here = threading.local()
opened = []


def connect(url):
    here.connection = Connection(url)
    opened.append(here.connection)


def ask(text):
    return here.connection.query(text)


with ThreadPoolExecutor(3, initializer=connect, initargs=("db://",)) as pool:
    answers = list(pool.map(ask, ["one", "two", "three", "four"]))
print(answers)
print(sum(connection.queries for connection in opened))
print("end")
