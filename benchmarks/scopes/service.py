"""A server that keeps a deadline for each request, though something never answers."""

from __future__ import annotations

import http.server
import socket
import statistics
import threading as stock

import raddle
from raddle import threading

from .measure import Row, ns, quantile

LIMIT = 0.2  # seconds that a request has
CLIENTS, REQUESTS = 16, 25


def service(options) -> list[Row]:
    """A server whose requests have 200 ms each, and ask for two things, and for one in vain."""
    stuck = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                with raddle.Group(deadline=LIMIT) as group:
                    for fn in (str, str, stuck.wait):
                        group.start(fn)
            except TimeoutError:
                self.send_response(504)
                self.end_headers()

        def log_message(self, *_) -> None:
            """Says nothing."""

    class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 128  # (A full one has a client try again after a second.)

    took: list[float] = []

    def ask() -> None:
        for _ in range(REQUESTS):
            begin = ns()
            # (No HTTP library: what is measured is the server's answer.)
            with socket.create_connection(server.server_address) as connection:
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                assert b" 504 " in connection.makefile("rb").read()
            took.append((ns() - begin) / 1e6 - LIMIT * 1000)

    with Server(("127.0.0.1", 0), Handler) as server:
        serving = stock.Thread(target=server.serve_forever)
        serving.start()
        clients = [stock.Thread(target=ask) for _ in range(CLIENTS)]
        for each in clients:
            each.start()
        for each in clients:
            each.join()
        server.shutdown()
        serving.join()
    name = f"{CLIENTS} requests at once, answered after their deadline"
    return [
        Row(f"{name}, median of {len(took)}", statistics.median(took), "ms"),
        Row(f"{name}, p99", quantile(took, 0.99), "ms"),
    ]
