"""A chat server over socketpairs: a thread per client, rooms under one lock, a writer thread
with a queue each."""

import queue
import socket
import threading


class Client:
    def __init__(self, server, sock, name):
        self.server, self.sock, self.name, self.rooms, self.sent = server, sock, name, set(), 0
        self.out = queue.Queue()
        self.reader, self.writer = (
            threading.Thread(target=self.read),
            threading.Thread(target=self.write),
        )

    def start(self):
        self.reader.start()
        self.writer.start()

    def read(self):
        with self.sock.makefile("r") as f:
            for line in f:
                word, _, rest = line.strip().partition(" ")
                if word == "join":
                    self.server.join(rest, self)
                elif word == "say":
                    self.server.say(self, *rest.split(" ", 1))
                elif word == "quit":
                    break
        self.server.leave(self)
        self.out.put(None)

    def write(self):
        while (text := self.out.get()) is not None:
            self.sock.sendall(text.encode())
            self.sent += 1
        self.sock.shutdown(socket.SHUT_WR)


class Server:
    def __init__(self):
        self.lock, self.rooms, self.clients, self.messages = threading.RLock(), {}, [], 0

    def accept(self, sock, name):
        c = Client(self, sock, name)
        with self.lock:
            self.clients.append(c)
        c.start()
        return c

    def join(self, room, client):
        with self.lock:
            self.rooms.setdefault(room, set()).add(client)
            client.rooms.add(room)
        client.out.put(f"joined {room}\n")

    def say(self, client, room, text):
        with self.lock:
            self.messages += 1
            for each in self.rooms.get(room, ()):
                each.out.put(f"{client.name}: {text}\n")

    def leave(self, client):
        with self.lock:
            for room in client.rooms:
                self.rooms[room].discard(client)
                if not self.rooms[room]:
                    del self.rooms[room]
            client.rooms.clear()

    def close(self):
        with self.lock:
            clients = list(self.clients)
        for c in clients:
            c.reader.join()
            c.writer.join()
            c.sock.close()


server, got = Server(), {}


def user(n, sock):
    f = sock.makefile("rw")
    f.write("join a\n")
    f.flush()
    f.readline()
    for at in range(4):
        f.write(f"say a hi{at}\n")
    f.write("quit\n")
    f.flush()
    lines = f.readlines()
    got[n] = lines
    f.close()
    sock.close()


users = []
for n in range(3):
    a, b = socket.socketpair()
    server.accept(a, f"u{n}")
    users.append(threading.Thread(target=user, args=(n, b)))
    users[-1].start()
for u in users:
    u.join()
server.close()
print(server.messages, len(server.rooms), len(got))
print("end")
