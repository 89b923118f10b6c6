"""A registry's names are copied by a comprehension while a service registers."""

# race: walk services in registry.py

import threading

services = {"web": 80, "mail": 25}
found = {}


def register(name, port):
    services.setdefault(name, port)  # racing


def low_ports():
    try:
        found.update({name: port for name, port in services.items() if port < 50})  # racing
    except RuntimeError:
        found["mail"] = 25


threads = [
    threading.Thread(target=low_ports),
    threading.Thread(target=register, args=("proxy", 8080)),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(found)
print("end")
