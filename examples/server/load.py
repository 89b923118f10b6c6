"""Load a web server and check every byte that it sends back.

    python examples/server/load.py http://127.0.0.1:8000/ FOLDER --requests 3000

FOLDER is what the server serves: each response is compared, by hash, with the file of
that name. There are no threads on this side: a request goes out on every connection
before the first answer is read, so the server has that many to answer at once.

Exit code: 0 when every response was right, 1 otherwise.
"""

import argparse
import hashlib
import http.client
import json
import socket
import sys
import time
from pathlib import Path
from urllib.parse import quote, urlsplit


def fingerprint(data: bytes) -> str:
    """Return the SHA-256 of `data` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


class Connections:
    """Some open connections to one server; each is replaced after `reuse` requests."""

    def __init__(self, host: str, port: int, count: int, reuse: int, timeout: float):
        self.address = (host, port)
        self.reuse = reuse
        self.timeout = timeout  # seconds
        self.opened = 0
        self.slots: list[http.client.HTTPConnection | None] = [None] * count
        self.used = [0] * count

    def get(self, slot: int) -> http.client.HTTPConnection:
        """Return the connection in `slot`, a new one if it has served its turn."""
        connection = self.slots[slot]
        if connection is not None and self.used[slot] >= self.reuse:
            connection.close()
            connection = None
        if connection is None:
            connection = http.client.HTTPConnection(*self.address, timeout=self.timeout)
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.slots[slot] = connection
            self.used[slot] = 0
            self.opened += 1
        self.used[slot] += 1
        return connection

    def drop(self, slot: int) -> None:
        """Close the connection in `slot`; the next request opens a new one."""
        connection = self.slots[slot]
        if connection is not None:
            connection.close()
        self.slots[slot] = None

    def close(self) -> None:
        for slot in range(len(self.slots)):
            self.drop(slot)


def read(connection: http.client.HTTPConnection) -> tuple[int, bytes]:
    """Return the status and the body of the answer that `connection` is to give."""
    if hasattr(socket, "TCP_QUICKACK"):
        # The server sends headers and body apart; an answer must not wait for our ACK.
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    response = connection.getresponse()
    return response.status, response.read()


def load(url: str, folder: Path, requests: int, connections: int, reuse: int, timeout: float):
    """Send `requests` requests over `connections` connections; return what happened."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    expected = [(quote(path.name), fingerprint(path.read_bytes())) for path in files]
    parts = urlsplit(url)
    pool = Connections(parts.hostname, parts.port, connections, reuse, timeout)
    wrong: list[str] = []
    checked = received = sent = 0
    began = time.perf_counter()
    while sent < requests:
        asked = []
        for slot in range(min(connections, requests - sent)):
            name, digest = expected[sent % len(expected)]
            connection = pool.get(slot)
            connection.request("GET", f"/{name}")
            asked.append((slot, connection, name, digest))
            sent += 1
        for slot, connection, name, digest in asked:
            try:
                status, body = read(connection)
            except (OSError, http.client.HTTPException) as error:
                wrong.append(f"{name}: {type(error).__name__}: {error}")
                pool.drop(slot)
                continue
            received += len(body)
            if status == 200 and fingerprint(body) == digest:
                checked += 1
            else:
                wrong.append(f"{name}: status {status}, {len(body)} bytes")
    seconds = time.perf_counter() - began
    pool.close()
    return {
        "requests": sent,
        "checked": checked,
        "wrong": len(wrong),
        "first_wrong": wrong[:5],
        "connections": pool.opened,
        "bytes": received,
        "seconds": round(seconds, 3),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="where the server listens")
    parser.add_argument("folder", type=Path, help="the folder that it serves")
    parser.add_argument("--requests", type=int, default=3000)
    # http.server lets 5 wait to be accepted; one more would be turned away for a second.
    parser.add_argument("--connections", type=int, default=5, help="open at once")
    parser.add_argument("--reuse", type=int, default=1, help="requests to a connection")
    parser.add_argument("--timeout", type=float, default=30, help="for one answer, seconds")
    args = parser.parse_args()
    summary = load(
        args.url, args.folder, args.requests, args.connections, args.reuse, args.timeout
    )
    print(json.dumps(summary))
    return 0 if summary["checked"] == args.requests and not summary["wrong"] else 1


if __name__ == "__main__":
    sys.exit(main())
