"""A context manager counts who is inside, up when entered and down when left."""

# race: update Room.inside

import threading


class Room:
    def __init__(self):
        self.inside = 0
        self.visits = []

    def __enter__(self):
        self.inside += 1  # racing
        return self

    def __exit__(self, *error):
        self.inside -= 1  # racing


def visit(room, name):
    with room:
        room.visits.append(name)


room = Room()
threads = [threading.Thread(target=visit, args=(room, name)) for name in ("ann", "bob")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(room.inside, sorted(room.visits))
print("end")
