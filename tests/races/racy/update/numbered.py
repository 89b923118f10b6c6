"""A user's number is how many there are already: two users get one number."""

# race: update users in numbered.py

import threading

users = []


def add(name):
    users.append({"id": len(users), "name": name})  # racing


threads = [threading.Thread(target=add, args=(name,)) for name in ("ann", "bob", "cid")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(users))
print("end")
