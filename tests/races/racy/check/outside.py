"""The lock is held while the key is looked for, but not while it is put in."""

# race: check Registry.names["printer"]

import threading


class Registry:
    def __init__(self):
        self.lock = threading.Lock()
        self.names = {}

    def register(self, name, address):
        with self.lock:
            known = name in self.names  # racing
        if not known:
            self.names[name] = address  # racing


registry = Registry()
first = threading.Thread(target=registry.register, args=("printer", "10.0.0.7"))
second = threading.Thread(target=registry.register, args=("printer", "10.0.0.9"))
first.start()
second.start()
first.join()
second.join()
print(registry.names["printer"].startswith("10.0.0."))
print("end")
