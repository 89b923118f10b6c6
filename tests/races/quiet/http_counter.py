"""A web server on the loopback counts its requests under a lock of the handler's class."""

import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar


class Handler(BaseHTTPRequestHandler):
    lock = threading.Lock()
    hits = 0
    paths: ClassVar[dict[str, int]] = {}

    def do_GET(self):
        with Handler.lock:
            Handler.hits += 1
            if self.path not in Handler.paths:
                Handler.paths[self.path] = 0
            Handler.paths[self.path] += 1
        body = b"hello"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def get(port, path):
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", path)
    connection.getresponse().read()
    connection.close()


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
serving = threading.Thread(target=server.serve_forever, args=(0.01,))
serving.start()
clients = [threading.Thread(target=get, args=(server.server_port, p)) for p in ("/", "/a", "/")]
for client in clients:
    client.start()
for client in clients:
    client.join()
server.shutdown()
serving.join()
server.server_close()
with Handler.lock:
    print(Handler.hits, sorted(Handler.paths.items()))
print("end")
