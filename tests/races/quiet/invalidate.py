"""A value is made at the first use and made invalid later, both under one lock."""

import threading


class Config:
    def __init__(self, text):
        self.lock = threading.Lock()
        self.text = text
        self._values = None
        self.parses = 0

    def values(self):
        with self.lock:
            if self._values is None:
                self.parses += 1
                self._values = dict(part.split("=") for part in self.text.split())
            return self._values

    def reload(self, text):
        with self.lock:
            self.text = text
            self._values = None


config, out = Config("port=80"), []
threads = [threading.Thread(target=lambda: out.append(config.values())) for _ in range(2)]
threads.append(threading.Thread(target=config.reload, args=("port=90",)))
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(config.values(), config.parses >= 1, len(out))
print("end")
