"""A task maps over the pool that it runs in, under a server that goes on answering."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(1, thread_name_prefix="render")
server = socket.create_server(("127.0.0.1", 0))


def page(name):
    return list(pool.map(str.upper, [name, name]))


def serve():
    while True:
        server.accept()[0].close()


threading.Thread(target=serve, name="server", daemon=True).start()
asked = pool.submit(page, "index")
socket.create_connection(server.getsockname()).close()
server.accept()
