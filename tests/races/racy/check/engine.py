"""A module's engine is made by whoever needs it first. Two at once make two engines."""

# race: check engine in engine.py

import threading

engine = None


def start_engine():
    global engine
    if engine is None:  # racing
        engine = {"dialect": "sqlite", "pool": []}  # racing


threads = [threading.Thread(target=start_engine) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(engine["dialect"])
print("end")
