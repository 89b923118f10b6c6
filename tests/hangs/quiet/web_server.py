"""http.server answers a slow request while the main thread waits for the result."""

import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Slow(BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(2.5)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"end")

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
threading.Thread(target=server.serve_forever, daemon=True).start()


def get():
    with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/") as answer:
        return answer.read().decode()


with ThreadPoolExecutor(1) as pool:
    print(pool.submit(get).result())
server.shutdown()
server.server_close()
