"""A chat server sends to all clients while another joins. Who joins can be sent it or not."""

# race: walk Server.clients

import threading


class Server:
    def __init__(self):
        self.clients = ["ann", "bob"]
        self.sent = []

    def join(self, name):
        self.clients.append(name)  # racing

    def broadcast(self, text):
        for client in self.clients:  # racing
            self.sent.append((client, text))


server = Server()
joining = threading.Thread(target=server.join, args=("eve",))
sending = threading.Thread(target=server.broadcast, args=("hello",))
joining.start()
sending.start()
joining.join()
sending.join()
print(len(server.sent) in (2, 3))
print("end")
