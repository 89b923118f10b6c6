"""A guest book as a web server, under load by clients in threads of the same process."""

import http.client
import http.server
import threading
from urllib.parse import parse_qs, urlsplit

import measured


class Book:
    def __init__(self):
        self.lock = threading.Lock()
        self.entries = []
        self.hits = {}

    def hit(self, path):
        with self.lock:
            self.hits[path] = self.hits.get(path, 0) + 1

    def sign(self, name):
        with self.lock:
            self.entries.append(name)
            return len(self.entries)

    def last(self, count):
        with self.lock:
            return self.entries[-count:]


def escape(text):
    made = []
    for letter in text:
        if letter == "<":
            made.append("&lt;")
        elif letter == "&":
            made.append("&amp;")
        else:
            made.append(letter)
    return "".join(made)


def render(entries):
    rows = []
    for number, name in enumerate(entries):
        kind = "odd" if number % 2 else "even"
        rows.append(f'<li class="{kind}">{escape(name)}</li>')
    return "<ul>\n" + "\n".join(rows) + "\n</ul>\n"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet for an answer
    book = None

    def do_GET(self):
        address = urlsplit(self.path)
        self.book.hit(address.path)
        if address.path == "/sign":
            name = parse_qs(address.query)["name"][0]
            self.answer(f"{self.book.sign(name)}\n")
        elif address.path == "/":
            self.answer(render(self.book.last(40)))
        else:
            self.send_error(404)

    def answer(self, text):
        data = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 64
    daemon_threads = False  # so that its end waits for what it started


def visit(port, who, rounds):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for number in range(rounds):
        connection.request("GET", f"/sign?name=guest-{who}-{number}")
        assert int(connection.getresponse().read()) > number
        connection.request("GET", "/")
        page = connection.getresponse().read()
        assert page.startswith(b"<ul>")
    connection.close()


def main(scale):
    book = Book()
    Handler.book = book
    with Server(("127.0.0.1", 0), Handler) as server:
        loop = threading.Thread(target=server.serve_forever, args=(0.01,))
        loop.start()
        clients = [
            threading.Thread(target=visit, args=(server.server_port, who, scale))
            for who in range(4)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        server.shutdown()
        loop.join()
    assert book.hits == {"/sign": 4 * scale, "/": 4 * scale}
    assert len(set(book.entries)) == 4 * scale


if __name__ == "__main__":
    measured.run(main, 450)
