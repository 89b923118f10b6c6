import collections
import threading
import time


class TTL:
    """What is too old goes, by a thread of its own and by readers."""

    def __init__(self, ttl):
        self.ttl, self.lock, self.d, self.exp, self.stop, self.cbs, self.dead = (
            ttl,
            threading.RLock(),
            {},
            collections.deque(),
            threading.Event(),
            [],
            0,
        )

    def put(self, k, v):
        now = time.monotonic()
        with self.lock:
            self.d[k] = [v, now + self.ttl]
            self.exp.append((now + self.ttl, k))

    def get(self, k, default=None):
        with self.lock:
            e = self.d.get(k)
            if e is None:
                return default
            if e[1] < time.monotonic():
                del self.d[k]
                return default
            e[1] = time.monotonic() + self.ttl
            return e[0]

    def sweep(self):
        gone, now = [], time.monotonic()
        with self.lock:
            while self.exp and self.exp[0][0] < now:
                _, k = self.exp.popleft()
                e = self.d.get(k)
                if e and e[1] < now:
                    gone.append((k, self.d.pop(k)[0]))
            self.dead += len(gone)
        for k, v in gone:
            v["gone"] = True
            for cb in tuple(self.cbs):
                cb(k, v)

    def run(self):
        while not self.stop.wait(0.001):
            self.sweep()


t = TTL(0.002)
seen = []
t.cbs.append(lambda k, v: seen.append((k, v)))
j = threading.Thread(target=t.run, daemon=True)
j.start()


def work(n):
    for at in range(20):
        t.put((n, at % 5), {"n": at})
        t.get((n, (at + 1) % 5))
        time.sleep(0.0005)


ts = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for x in ts:
    x.start()
for x in ts:
    x.join()
t.stop.set()
j.join()
t.sweep()
print("end")
