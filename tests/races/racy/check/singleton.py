"""A singleton is made in __new__ without a lock. Two threads can have different ones."""

# race: check Settings._instance
# also: unordered Settings._instance

import threading


class Settings:
    _instance = None

    def __new__(cls):
        if cls._instance is None:  # racing
            cls._instance = super().__new__(cls)  # racing
        return cls._instance  # racing


made = []
threads = [threading.Thread(target=lambda: made.append(Settings())) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(made))
print("end")
