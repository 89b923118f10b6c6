"""Double-checked locking, of an attribute, of a dict's item and of a global."""

import threading

lock = threading.Lock()
engine = None
cache = {}


class Service:
    def __init__(self):
        self.lock = threading.Lock()
        self._client = None

    @property
    def client(self):
        if self._client is None:
            with self.lock:
                if self._client is None:
                    self._client = {"name": "client"}
        return self._client


def get_engine():
    global engine
    if engine is None:
        with lock:
            if engine is None:
                engine = ["engine"]
    return engine


def get_page(name):
    if name not in cache:
        with lock:
            if name not in cache:
                cache[name] = name.title()
    return cache[name]


def work(service, out):
    out.append((service.client["name"], get_engine()[0], get_page("home")))


service, out = Service(), []
threads = [threading.Thread(target=work, args=(service, out)) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(out)
print("end")
