"""A socket is made in one expression with its check. Two can be made."""

# race: check Client.socket

import threading


class Client:
    def __init__(self):
        self.socket = None
        self.sent = []

    def send(self, text):
        if (socket := self.socket) is None:  # racing
            self.socket = socket = {"open": True}  # racing
        self.sent.append((text, socket["open"]))


client = Client()
threads = [threading.Thread(target=client.send, args=(text,)) for text in ("a", "b")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(client.sent))
print("end")
