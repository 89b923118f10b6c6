"""A web counter in a module global. Two requests at once can be counted as one."""

# race: update hits in hits.py

import threading

hits = 0
pages = {"/": "home", "/about": "about"}


def handle(path):
    global hits
    hits += 1  # racing
    return pages.get(path, "not found")


requests = [threading.Thread(target=handle, args=(path,)) for path in ("/", "/about")]
for request in requests:
    request.start()
for request in requests:
    request.join()
print(hits)
print("end")
