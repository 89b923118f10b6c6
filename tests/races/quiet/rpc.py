"""Request and reply with ids: a pending table under a lock, a reader thread that fulfils
futures, heartbeats, close."""

import itertools
import queue
import threading
from concurrent.futures import Future


class Wire:
    def __init__(self):
        self.a, self.b = queue.Queue(), queue.Queue()


class Peer:
    def __init__(self, inbox, outbox, methods=()):
        self.inbox, self.outbox, self.methods = inbox, outbox, dict(methods)
        self.ids, self.lock, self.pending, self.closed, self.calls = (
            itertools.count(),
            threading.Lock(),
            {},
            False,
            0,
        )
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def call(self, name, *args):
        f, id = Future(), next(self.ids)
        with self.lock:
            if self.closed:
                raise ConnectionError
            self.pending[id] = f
            self.calls += 1
        self.outbox.put({"id": id, "call": name, "args": args})
        return f

    def read(self):
        while (m := self.inbox.get()) is not None:
            if "call" in m:
                self.serve(m)
            else:
                with self.lock:
                    f = self.pending.pop(m["id"])
                if "error" in m:
                    f.set_exception(m["error"])
                else:
                    f.set_result(m["value"])
        with self.lock:
            self.closed, pending, self.pending = True, self.pending, {}
        for f in pending.values():
            f.set_exception(ConnectionError("closed"))

    def serve(self, m):
        try:
            m["value"] = self.methods[m.pop("call")](*m.pop("args"))
        except Exception as e:
            m["error"] = e
        self.outbox.put(m)

    def close(self):
        self.outbox.put(None)


w = Wire()
table = {}


def put(k, v):
    table[k] = v
    return {"k": k, "n": len(table)}


def fail(x):
    raise ValueError(x)


server = Peer(w.a, w.b, {"put": put, "fail": fail})
client = Peer(w.b, w.a)
got = []


def user(n):
    for at in range(5):
        r = client.call("put", (n, at), at).result()
        r["mine"] = n
        got.append(r)
        try:
            client.call("fail", n).result()
        except ValueError as e:
            e.add_note("x")


ts = [threading.Thread(target=user, args=(n,)) for n in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
client.close()
server.thread.join()
server.close()
client.thread.join()
print(len(got), len(table), client.calls, client.closed)
print("end")
