"""The configuration is swapped while a worker reads it twice. It can see half of each."""

# race: unordered config in config.py

import threading

config = {"host": "old", "port": 1}
seen = []


def reload():
    global config
    config = {"host": "new", "port": 2}  # racing


def work():
    host = config["host"]  # racing
    port = config["port"]  # racing
    seen.append((host, port))


reloading = threading.Thread(target=reload)
working = threading.Thread(target=work)
reloading.start()
working.start()
reloading.join()
working.join()
print(len(seen))
print("end")
