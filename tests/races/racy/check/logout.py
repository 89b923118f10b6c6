"""A session is looked for, then deleted. Two logouts at once can delete it twice."""

# race: check Sessions.users["s1"]

import contextlib
import threading


class Sessions:
    def __init__(self):
        self.users = {"s1": "ann", "s2": "bob"}

    def logout(self, key):
        if key in self.users:  # racing
            del self.users[key]  # racing


def click(sessions):
    with contextlib.suppress(KeyError):
        sessions.logout("s1")


sessions = Sessions()
threads = [threading.Thread(target=click, args=(sessions,)) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sessions.users)
print("end")
