"""Double buffering: a writer fills one list while a flusher writes out the other; they swap
under a lock."""

import threading


class Writer:
    def __init__(self):
        self._lock, self._flush_lock = threading.Lock(), threading.Lock()
        self._buffer, self._size = [], 0
        self.written, self.flushes = [], 0
        self._wake, self._stop = threading.Event(), False
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def write(self, line):
        with self._lock:
            self._buffer.append(line)
            self._size += len(line)
            full = self._size > 20
        if full:
            self._wake.set()

    def flush(self):
        with self._flush_lock:
            with self._lock:
                lines, self._buffer = self._buffer, []
                self._size = 0
            for line in lines:
                self.written.append(line)
            lines.sort()
            lines.clear()
            self.flushes += 1

    def _run(self):
        while True:
            self._wake.wait()
            self._wake.clear()
            self.flush()
            if self._stop:
                return

    def close(self):
        self._stop = True
        self._wake.set()
        self.thread.join()
        self.flush()


w = Writer()


def work(n):
    for at in range(20):
        w.write(f"{n}:{at}")
    w.flush()


ts = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
w.close()
print(len(w.written))


class Batcher:
    def __init__(self, sink):
        self.lock, self.pending, self.sink, self.count = threading.RLock(), {}, sink, 0

    def add(self, k, v):
        batch = None
        with self.lock:
            self.pending[k] = v
            self.count += 1
            if len(self.pending) >= 4:
                batch = self.pending
                self.pending = {}
        if batch is not None:
            self.send(batch)

    def send(self, batch):
        batch["sent"] = True
        for _k, _v in batch.items():
            pass
        self.sink.append(batch)


sink = []
b = Batcher(sink)
ts = [
    threading.Thread(target=lambda n=n: [b.add((n, k), k) for k in range(20)]) for n in range(3)
]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(sum(len(x) - 1 for x in sink) + len(b.pending), b.count)
print("end")
