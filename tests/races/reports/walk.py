"""Connections come while one thread sends to all of them."""

import threading


class Server:
    def __init__(self):
        self.clients = ["first"]

    def connect(self, client):
        self.clients.append(client)

    def broadcast(self):
        return [client.upper() for client in self.clients]


server = Server()
threads = [
    threading.Thread(target=server.connect, args=("second",), name="door"),
    threading.Thread(target=server.broadcast, name="speaker"),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
