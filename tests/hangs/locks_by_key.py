"""A lock for each user, made when it is first asked for, and one for each pair of rooms."""

import threading
from collections import defaultdict


class Chat:
    def __init__(self):
        self.users = defaultdict(threading.RLock)
        self.doors = {("hall", 2): threading.RLock(), ("hall", 3): threading.RLock()}
        self.ready = threading.Barrier(2)

    def enter(self, user, room):
        with self.users[user]:
            self.ready.wait()
            with self.doors["hall", room]:
                pass

    def close(self, room, user):
        with self.doors["hall", room]:
            self.ready.wait()
            with self.users[user]:
                pass


chat = Chat()
threading.Thread(target=chat.enter, args=("ann", 2), name="enter").start()
threading.Thread(target=chat.close, args=(2, "ann"), name="close").start()
