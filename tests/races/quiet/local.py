"""Every thread has its own attributes of a threading.local, also of a subclass of it."""

import threading


class Request(threading.local):
    path = "/"

    def __init__(self):
        self.headers = {}
        self.count = 0


request = Request()
plain = threading.local()


def handle(path, out):
    plain.steps = 0
    for step in range(3):
        request.path = path
        request.count += 1
        request.headers[f"step {step}"] = path
        plain.steps += request.count
    out.append((request.path, len(request.headers), plain.steps))


out = []
threads = [threading.Thread(target=handle, args=(path, out)) for path in ("/a", "/b")]
for thread in threads:
    thread.start()
handle("/main", out)
for thread in threads:
    thread.join()
print(sorted(out))
print("end")
