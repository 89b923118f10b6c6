"""A pool of connections: a queue lends each to one thread at a time, which changes it."""

import queue
import threading
from contextlib import contextmanager


class Connection:
    def __init__(self, number):
        self.number = number
        self.queries = 0
        self.log = []

    def query(self, text):
        self.queries += 1
        self.log += [text]


class Pool:
    def __init__(self, size):
        self.idle = queue.LifoQueue()
        self.connections = [Connection(n) for n in range(size)]
        for connection in self.connections:
            self.idle.put(connection)

    @contextmanager
    def connection(self):
        connection = self.idle.get()
        try:
            yield connection
        finally:
            self.idle.put(connection)


def work(pool, name):
    for step in range(3):
        with pool.connection() as connection:
            connection.query(f"{name} {step}")


pool = Pool(2)
threads = [threading.Thread(target=work, args=(pool, name)) for name in "abc"]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sum(connection.queries for connection in pool.connections))
print(sorted(line for connection in pool.connections for line in connection.log))
print("end")
