"""A task maps over the pool that it runs in, under a server that waits for clients."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(1, thread_name_prefix="render")
server = socket.create_server(("127.0.0.1", 0))


def page(name):
    return list(pool.map(str.upper, [name, name]))


def beat():
    while True:
        time.sleep(0.1)


threading.Thread(target=beat, name="heartbeat", daemon=True).start()
asked = pool.submit(page, "index")
server.accept()
