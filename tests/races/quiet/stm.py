"""Optimistic transactions with versions, validated under a lock; compare and swap;
snapshots."""

import threading


class Var:
    def __init__(self, value):
        self.value, self.version = value, 0


class Store:
    def __init__(self):
        self.lock, self.vars, self.retries, self.commits = threading.Lock(), {}, 0, 0

    def var(self, name, value=0):
        with self.lock:
            return self.vars.setdefault(name, Var(value))

    def atomically(self, function):
        while True:
            reads, writes = {}, {}

            def get(var):
                if var in writes:  # noqa: B023
                    return writes[var]  # noqa: B023
                with self.lock:
                    value, version = var.value, var.version
                reads.setdefault(var, version)  # noqa: B023
                return value

            def put(var, value):
                writes[var] = value  # noqa: B023

            result = function(get, put)
            with self.lock:
                if all(var.version == version for var, version in reads.items()):
                    for var, value in writes.items():
                        var.value, var.version = value, var.version + 1
                    self.commits += 1
                    return result
                self.retries += 1


class Atomic:
    def __init__(self, value):
        self._lock, self._value = threading.Lock(), value

    def get(self):
        with self._lock:
            return self._value

    def swap(self, old, new):
        with self._lock:
            if self._value is not old:
                return False
            self._value = new
            return True


class Stack:
    def __init__(self):
        self.top = Atomic(None)

    def push(self, v):
        while True:
            old = self.top.get()
            if self.top.swap(old, (v, old)):
                return

    def pop(self):
        while (old := self.top.get()) is not None:
            if self.top.swap(old, old[1]):
                return old[0]


store, stack, popped = Store(), Stack(), []
a, b = store.var("a", 100), store.var("b")


class Cell:
    def __init__(self, n):
        self.n, self.used = n, False


def work(n):
    for at in range(8):

        def move(get, put):
            put(a, get(a) - 1)
            put(b, get(b) + 1)

        store.atomically(move)
        c = Cell(at)
        c.n += n
        stack.push(c)
        if (got := stack.pop()) is not None:
            got.used = True
            got.n += 1
            popped.append(got)


ts = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(a.value + b.value, store.commits, len(popped))
print("end")
