"""Fields behind methods that take the lock: compared, copied, pickled, shown."""

import copy
import pickle
import threading


class Temp:
    """Its own lock in each method."""

    def __init__(self):
        self.lock = threading.Lock()
        self.c = 0.0
        self.hist = []

    def set(self, v):
        with self.lock:
            if v != self.c:
                self.c = v
                self.hist.append(v)

    def __repr__(self):
        with self.lock:
            c, h = self.c, tuple(self.hist)
        return f"{c} {len(h)}"

    def __eq__(self, o):
        if self is o:
            return True
        first, second = sorted((self, o), key=id)
        with first.lock, second.lock:
            return self.c == o.c

    __hash__ = object.__hash__

    def __getstate__(self):
        with self.lock:
            return {"c": self.c, "hist": list(self.hist)}

    def __setstate__(self, s):
        self.__dict__.update(s)
        self.lock = threading.Lock()


a, b = Temp(), Temp()


def work(n):
    for at in range(10):
        a.set(at + n)
        b.set(at)
        repr(a)
        a == b  # noqa: B015
        c = copy.copy(a)
        c.c += 1
        c.hist.append(1)
        d = pickle.loads(pickle.dumps(b))
        d.c += 1
        d.set(3)


ts = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print("end")
