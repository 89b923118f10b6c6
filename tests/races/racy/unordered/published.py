"""A service is announced before it has its port. A reader who waited can still find none."""

# race: unordered Service.port

import threading


class Service:
    def __init__(self, name):
        self.name = name
        self.port = None


registry = {}
announced = threading.Event()


def register(name, port):
    service = Service(name)
    registry[name] = service
    announced.set()
    service.port = port  # racing


def look_up(name, out):
    announced.wait()
    service = registry[name]
    out.append(f"{service.name}:{service.port}")  # racing


out = []
threads = [
    threading.Thread(target=register, args=("web", 80)),
    threading.Thread(target=look_up, args=("web", out)),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(out[0] in ("web:80", "web:None"))
print("end")
