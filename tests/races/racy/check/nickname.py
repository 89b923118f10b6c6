"""A nickname is looked up in a set, then added. Two users can get the same one."""

# race: check nicknames in nickname.py

import threading

nicknames = {"root"}
welcome = []


def register(user, nickname):
    if nickname not in nicknames:  # racing
        nicknames.add(nickname)  # racing
        welcome.append(user)


threads = [threading.Thread(target=register, args=(user, "cat")) for user in (1, 2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(nicknames))
print("end")
