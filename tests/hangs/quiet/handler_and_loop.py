"""A service with a SIGTERM handler whose worker waits in a selector for its clients."""

import selectors
import signal
import socket
import sys
import threading

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
server = socket.create_server(("127.0.0.1", 0))
chosen = selectors.DefaultSelector()
chosen.register(server, selectors.EVENT_READ)
idle = threading.Event()


def serve():
    chosen.select()
    server.accept()[0].close()
    print("end")


def connect():
    socket.create_connection(server.getsockname()).close()
    idle.set()


worker = threading.Thread(target=serve)
worker.start()
threading.Timer(6.5, connect).start()
idle.wait()
worker.join()
chosen.close()
server.close()
