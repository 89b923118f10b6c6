"""A list of friends is made when get() finds none. Two at once make two, and one is dropped."""

# race: check friends["ann"]

import threading

friends = {}


def befriend(name, friend):
    known = friends.get(name)  # racing
    if known is None:
        friends[name] = [friend]  # racing
    else:
        known.append(friend)


threads = [threading.Thread(target=befriend, args=("ann", f)) for f in ("bob", "eve")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(friends["ann"]))
print("end")
