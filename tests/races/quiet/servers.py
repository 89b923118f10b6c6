"""socketserver and http.server, threading, under load of threads on loopback."""

import collections
import http.server
import json
import socket
import socketserver
import threading
import urllib.request


class State:
    def __init__(self):
        self.lock = threading.Lock()
        self.counts = collections.Counter()
        self.items = {}
        self.bytes = 0


state = State()


class Echo(socketserver.StreamRequestHandler):
    def setup(self):
        super().setup()
        self.lines = 0

    def handle(self):
        for line in self.rfile:
            self.lines += 1
            with state.lock:
                state.counts["lines"] += 1
                state.bytes += len(line)
            self.wfile.write(line.upper())

    def finish(self):
        with state.lock:
            state.counts["closed"] += self.lines > 0
        super().finish()


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads, request_queue_size = True, False, 50


def client(address, n):
    with socket.create_connection(address) as s:
        f = s.makefile("rwb")
        for at in range(5):
            f.write(f"hello {n} {at}\n".encode())
            f.flush()
            assert f.readline() == f"HELLO {n} {at}\n".encode()
        f.close()


with Server(("127.0.0.1", 0), Echo) as server:
    t = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    t.start()
    ts = [threading.Thread(target=client, args=(server.server_address, n)) for n in range(6)]
    for each in ts:
        each.start()
    for each in ts:
        each.join()
    server.shutdown()
    t.join()
print(state.counts, state.bytes)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        key = self.path.strip("/")
        with state.lock:
            state.counts["get"] += 1
            item = state.items.get(key)
        self.reply(item if item is not None else {"missing": key})

    def do_PUT(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = self.path.strip("/")
        with state.lock:
            old = state.items.get(key, {})
            state.items[key] = {**old, **body}
            state.counts["put"] += 1
        self.reply({"ok": True})

    def reply(self, value):
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def load(base, n):
    for at in range(4):
        r = urllib.request.Request(
            f"{base}/k{n % 2}", json.dumps({str(n): at}).encode(), method="PUT"
        )
        with urllib.request.urlopen(r) as a:
            assert json.load(a)["ok"]
        with urllib.request.urlopen(f"{base}/k{n % 2}") as a:
            assert json.load(a)[str(n)] == at


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
t = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
t.start()
ts = [
    threading.Thread(target=load, args=(f"http://127.0.0.1:{server.server_port}", n))
    for n in range(4)
]
for each in ts:
    each.start()
for each in ts:
    each.join()
server.shutdown()
t.join()
server.server_close()
state.lock.acquire()
print(state.counts["get"], state.counts["put"])
print("end")
