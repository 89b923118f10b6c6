"""A connection pool of a condition; connections are changed by those that have them, and
age."""

import collections
import contextlib
import threading


class Connection:
    ids = iter(range(10**6))
    ids_lock = threading.Lock()

    def __init__(self):
        with self.ids_lock:
            self.id = next(self.ids)
        self.uses = 0
        self.in_transaction = False
        self.closed = False
        self.log = []

    def begin(self):
        assert not self.in_transaction
        self.in_transaction = True

    def execute(self, text):
        self.uses += 1
        self.log.append(text)
        return len(self.log)

    def commit(self):
        self.in_transaction = False
        self.log.clear()

    def close(self):
        self.closed = True


class Pool:
    def __init__(self, size, most_uses):
        self._size, self._most = size, most_uses
        self._free = collections.deque()
        self._busy = set()
        self._cond = threading.Condition()
        self._closed = False
        self.made = 0

    def get(self, timeout=5):
        with self._cond:
            while not self._free:
                if self._closed:
                    raise RuntimeError("closed")
                if len(self._busy) < self._size:
                    self._free.append(Connection())
                    self.made += 1
                    break
                if not self._cond.wait(timeout):
                    raise TimeoutError
            connection = self._free.pop()
            self._busy.add(connection)
            return connection

    def put(self, connection):
        if connection.uses >= self._most:
            connection.close()
        with self._cond:
            self._busy.discard(connection)
            if not connection.closed:
                self._free.append(connection)
            self._cond.notify()

    @contextlib.contextmanager
    def connection(self):
        connection = self.get()
        try:
            yield connection
        finally:
            self.put(connection)

    def close(self):
        with self._cond:
            self._closed = True
            free, self._free = self._free, collections.deque()
            self._cond.notify_all()
        for each in free:
            each.close()


pool = Pool(2, 7)


def work(n):
    for at in range(10):
        with pool.connection() as connection:
            connection.begin()
            connection.execute(f"{n} {at}")
            connection.commit()


threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
pool.close()
print(pool.made >= 5)
print("end")
