"""A pool of connections that are made when needed, lent, and given back."""

import contextlib
import threading

import measured


class Connection:
    def __init__(self, number):
        self.number = number
        self.in_use = False
        self.queries = 0

    def query(self, table, key):
        self.queries += 1
        value = self.number * 0
        for letter in table:
            value = (value * 33 + ord(letter)) % 65_521
        return (value + key) % 65_521


class Pool:
    def __init__(self, most):
        self._permits = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        self._idle = []
        self.made = 0

    @contextlib.contextmanager
    def connection(self):
        with self._permits:
            with self._lock:
                if self._idle:
                    connection = self._idle.pop()
                else:
                    self.made += 1
                    connection = Connection(self.made)
            assert not connection.in_use
            connection.in_use = True
            try:
                yield connection
            finally:
                connection.in_use = False
                with self._lock:
                    self._idle.append(connection)

    def close(self):
        with self._lock:
            closed, self._idle = self._idle, []
        return closed


def work(pool, count, sums, number):
    total = 0
    for key in range(count):
        with pool.connection() as connection:
            total += connection.query("customers", key)
            total -= connection.query("orders", key)
    sums[number] = total


def main(scale):
    pool, sums = Pool(3), {}
    threads = [threading.Thread(target=work, args=(pool, scale, sums, n)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    closed = pool.close()
    assert len(closed) == pool.made <= 3
    assert sum(connection.queries for connection in closed) == 5 * 2 * scale
    assert len(set(sums.values())) == 1


if __name__ == "__main__":
    measured.run(main, 16_000)
