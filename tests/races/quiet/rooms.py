"""Rooms are made by setdefault(), the same for all, and each is changed under its own lock."""

import threading


class Room:
    def __init__(self, name):
        self.name = name
        self.lock = threading.Lock()
        self.people = []
        self.visits = 0

    def enter(self, person):
        with self.lock:
            self.visits += 1
            for other in self.people:
                if other == person:
                    return
            self.people.append(person)


rooms = {}


def enter(name, person):
    rooms.setdefault(name, Room(name)).enter(person)


pairs = [("hall", "ann"), ("hall", "bob"), ("bar", "ann"), ("hall", "ann")]
threads = [threading.Thread(target=enter, args=pair) for pair in pairs]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for name in sorted(rooms):
    print(name, sorted(rooms[name].people), rooms[name].visits)
print("end")
