"""A chat: a server thread for each client; the clients say nothing for a while."""

import socket
import socketserver
import threading
import time

said = threading.Event()


class Chat(socketserver.StreamRequestHandler):
    def handle(self):
        self.rfile.readline()
        said.set()


server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Chat)
serving = threading.Thread(target=server.serve_forever)
serving.start()


def talk():
    with socket.create_connection(server.server_address) as line:
        time.sleep(2.5)
        line.sendall(b"end\n")
        said.wait()


client = threading.Thread(target=talk)
client.start()
said.wait()
client.join()
server.shutdown()
serving.join()
server.server_close()
print("end")
