"""A service that keeps a deadline for each request, though what it depends on is stuck."""

import concurrent.futures
import http.server
import io
import threading as stock
import urllib.error
import urllib.request

import pytest
import raddle
from raddle import _raddle
from raddle._diagnose.program import stack

pytestmark = pytest.mark.raddle_only

REQUESTS, CLIENTS = 20, 4
SHORT, LONG = 1, 1000  # seconds: of a request that is to be late, and of one that is not


@pytest.fixture
def service(threading, queue):
    """A server whose handler asks two that answer, and one that is stuck every other time."""
    stuck = queue.Queue()

    def quick(name):
        return f"{name}: ok"

    def dependency(waits):
        if waits:
            stuck.get()
        return "stock: ok"

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            late = "stuck" in self.path
            try:
                with raddle.Group(
                    deadline=SHORT if late else LONG, name=f"request {self.path}"
                ) as group:
                    parts = [
                        group.start(quick, "prices"),
                        group.start(quick, "names"),
                        group.start(dependency, late),
                    ]
                code, text = 200, ", ".join(part.result() for part in parts)
            except TimeoutError as error:
                code, text = 504, str(error)
            body = text.encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Says nothing."""

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = False

    server = Server(("127.0.0.1", 0), Handler)
    serving = stock.Thread(target=server.serve_forever, args=(0.01,))
    serving.start()
    yield server
    server.shutdown()
    serving.join()
    server.server_close()
    assert stuck.empty() and stuck._waiting() == (0, 0, 0), "nobody is left waiting"


def ask(server, path):
    url = f"http://127.0.0.1:{server.server_address[1]}/{path}"
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_each_request_is_answered_by_its_deadline(service):
    paths = [f"{n}-{'stuck' if n % 2 else 'fine'}" for n in range(REQUESTS)]
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(lambda path: ask(service, path), paths))
    for path, (code, text) in zip(paths, answers, strict=True):
        if "fine" in path:
            assert (code, text) == (200, "prices: ok, names: ok, stock: ok")
        else:
            assert code == 504
            assert text.startswith(f"the deadline of group request /{path} (1 s) has passed: ")
            assert f"dependency-3 (group request /{path}) waited for an item in a queue" in text
    assert "(group request" not in names(), "no task is left"


def test_a_dump_shows_what_a_request_waits_for(service, until):
    with concurrent.futures.ThreadPoolExecutor(1) as clients:
        for _ in range(50):  # (The dump may come before the wait, or too late.)
            answer = clients.submit(ask, service, "1-stuck")
            until(lambda answer=answer: answer.done() or "dependency-3" in names())
            out = io.StringIO()
            raddle.dump(out)
            assert answer.result()[0] == 504
            text = out.getvalue()
            shown = "    dependency-3 (group request /1-stuck)" in text
            if shown and "waits for an item in" in text:
                break
    assert "group request /1-stuck of Thread-" in text
    assert "dependency-3 (group request /1-stuck) (ident " in text
    assert "waits for an item in" in text


def names():
    return " ".join(thread.name for thread in stock.enumerate())


def test_a_dump_has_no_thread_of_raddles_own(until):
    def looks():  # the thread that looks after those that are in scopes
        return {each[0] for each in _raddle._waits()} & stack.ours

    with raddle.deadline(60):
        until(looks)
        out = io.StringIO()
        raddle.dump(out)
        assert not any(f"(ident {ident}" in out.getvalue() for ident in looks())
