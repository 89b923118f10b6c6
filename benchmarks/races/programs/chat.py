"""Chat rooms: each user has an inbox, and what is said in a room goes to all who are in it."""

import queue
import threading

import measured


class Room:
    def __init__(self, name):
        self.name = name
        self.lock = threading.Lock()
        self.members = {}
        self.said = 0

    def join(self, user):
        with self.lock:
            self.members[user.name] = user

    def leave(self, user):
        with self.lock:
            del self.members[user.name]

    def say(self, sender, text):
        with self.lock:
            self.said += 1
            members = list(self.members.values())
        for member in members:
            if member is not sender:
                member.inbox.put((self.name, sender.name, text))


class User(threading.Thread):
    def __init__(self, name, rooms, lines, said):
        super().__init__(name=name)
        self.rooms, self.lines, self.said = rooms, lines, said
        self.inbox = queue.Queue()
        self.heard = {room.name: 0 for room in rooms}

    def listen(self):
        try:
            while True:
                room, sender, text = self.inbox.get_nowait()
                assert text.startswith(sender)
                self.heard[room] += 1
        except queue.Empty:
            pass

    def run(self):
        for number in range(self.lines):
            room = self.rooms[number % len(self.rooms)]
            room.say(self, f"{self.name}: line {number}")
            if number % 8 == 0:
                self.listen()
        self.said.wait()
        self.listen()


def main(scale):
    rooms = [Room("python"), Room("rust"), Room("cats")]
    said = threading.Barrier(5)
    users = [User(f"user-{number}", rooms, scale, said) for number in range(5)]
    for room in rooms:
        for user in users:
            room.join(user)
    for user in users:
        user.start()
    for user in users:
        user.join()
    for room in rooms:
        for user in users:
            room.leave(user)
        assert not room.members
    assert sum(room.said for room in rooms) == len(users) * scale
    for user in users:
        assert sum(user.heard.values()) == (len(users) - 1) * scale


if __name__ == "__main__":
    measured.run(main, 12_000)
