"""Subprocesses whose pipes are read by threads; a line counter per stream; a database;
logging."""

import logging
import logging.handlers
import os
import queue
import sqlite3
import subprocess
import sys
import threading


class Reader(threading.Thread):
    def __init__(self, stream, name, lines):
        super().__init__(name=name)
        self.stream, self.lines, self.count = stream, lines, 0
        self.last = None

    def run(self):
        for line in self.stream:
            self.count += 1
            self.last = line.strip()
            self.lines.put((self.name, self.last))
        self.lines.put((self.name, None))


p = subprocess.Popen(
    [
        sys.executable,
        "-S",
        "-c",
        "import sys\nfor i in range(10):\n print(i); print(-i, file=sys.stderr)",
    ],
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
    env={**os.environ, "RADDLE": "0"},
)
lines = queue.Queue()
readers = [Reader(p.stdout, "out", lines), Reader(p.stderr, "err", lines)]
for r in readers:
    r.start()
seen, ended = {"out": [], "err": []}, 0
while ended < 2:
    name, line = lines.get()
    if line is None:
        ended += 1
    else:
        seen[name].append(line)
p.wait()
for r in readers:
    r.join()
    r.count += 1
print(readers[0].count, readers[1].last, len(seen["out"]))


class Store:
    def __init__(self, path):
        self.lock = threading.Lock()
        self.db = sqlite3.connect(path, check_same_thread=False)
        self.db.execute("create table t(k, v)")
        self.cache = {}
        self.writes = 0

    def put(self, k, v):
        with self.lock, self.db:
            self.db.execute("insert into t values(?, ?)", (k, v))
            self.cache[k] = v
            self.writes += 1

    def get(self, k):
        with self.lock:
            if k not in self.cache:
                row = self.db.execute("select v from t where k=?", (k,)).fetchone()
                self.cache[k] = row and row[0]
            return self.cache[k]


store = Store(":memory:")


class Memory(logging.Handler):
    def __init__(self):
        super().__init__()
        self.records, self.levels = [], {}

    def emit(self, record):
        self.records.append(self.format(record))
        self.levels[record.levelname] = self.levels.get(record.levelname, 0) + 1


log = logging.getLogger("x")
log.setLevel("INFO")
log.propagate = False
memory = Memory()
log.addHandler(memory)
q = queue.Queue()
other = Memory()
log.addHandler(logging.handlers.QueueHandler(q))
listener = logging.handlers.QueueListener(q, other)
listener.start()


def work(n):
    for at in range(8):
        store.put(f"{n}{at % 3}", at)
        store.get(f"{n}{at % 3}")
        store.get("none")
        log.info("%s %s", n, at)


ts = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
listener.stop()
print(store.writes, len(memory.records), memory.levels, other.levels)
store.db.close()
print("end")
