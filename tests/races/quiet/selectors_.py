"""A loop of selectors in a thread with a wake-up socket; calls are queued from others; a
pipe."""

import collections
import contextlib
import selectors
import socket
import threading


class Loop:
    def __init__(self):
        self.sel, self.calls, self.lock, self.running, self.handled = (
            selectors.DefaultSelector(),
            collections.deque(),
            threading.Lock(),
            True,
            0,
        )
        self.r, self.w = socket.socketpair()
        self.r.setblocking(False)
        self.sel.register(self.r, selectors.EVENT_READ, self.drain)
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while self.running:
            for key, _ in self.sel.select():
                key.data(key.fileobj)
                self.handled += 1
            while True:
                try:
                    f, args = self.calls.popleft()
                except IndexError:
                    break
                f(*args)

    def drain(self, sock):
        with contextlib.suppress(BlockingIOError):
            sock.recv(4096)

    def call(self, f, *args):
        self.calls.append((f, args))
        self.w.send(b"x")

    def stop(self):
        self.call(self._stop)
        self.thread.join()
        self.sel.close()
        self.r.close()
        self.w.close()

    def _stop(self):
        self.running = False


class Session:
    def __init__(self):
        self.lines, self.state = [], "new"

    def feed(self, line):
        self.lines.append(line)
        self.state = "open"


loop, sessions = Loop(), {}
loop.thread.start()


def add(n, text):
    sessions.setdefault(n, Session()).feed(text)


def client(n):
    for at in range(6):
        loop.call(add, n, f"{at}")


ts = [threading.Thread(target=client, args=(n,)) for n in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
loop.stop()
print(sum(len(s.lines) for s in sessions.values()), loop.handled > 0)
print("end")
