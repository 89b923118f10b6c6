"""Clients come while a thread sends to all that are there.

raddle run --race examples/races/clients.py
"""

import threading


class Server:
    def __init__(self):
        self.clients = {"ann": []}

    def connect(self, name):
        self.clients[name] = []

    def broadcast(self, text):
        for messages in list(self.clients.values()):
            messages.append(text)

    def names(self):
        return [name.title() for name in self.clients]


server = Server()
threads = [
    threading.Thread(target=server.connect, args=("bob",), name="door"),
    threading.Thread(target=server.names, name="list"),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
