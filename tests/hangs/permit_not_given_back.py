"""A semaphore's permit that an early return keeps."""

import threading

connections = threading.Semaphore(1)


def query(text):
    connections.acquire()
    if not text:
        return None
    connections.release()
    return text


def serve():
    query("")
    query("select 1")


server = threading.Thread(target=serve, name="server")
server.start()
server.join()
