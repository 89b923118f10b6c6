"""Users are put into groups, which are made when the first comes. A user can be lost."""

# race: check Groups.members["admin"]
# also: unordered Groups.members["admin"]

import threading


class Groups:
    def __init__(self):
        self.members = {}

    def add(self, group, user):
        if group not in self.members:  # racing
            self.members[group] = []  # racing
        self.members[group].append(user)  # racing


groups = Groups()
threads = [threading.Thread(target=groups.add, args=("admin", u)) for u in ("ann", "bob")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(groups.members["admin"]) in (1, 2))
print("end")
