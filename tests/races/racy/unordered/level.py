"""Two parts of a program both set the level of a class of loggers."""

# race: unordered Logger.level

import threading


class Logger:
    level = "info"

    @classmethod
    def set_level(cls, level):
        cls.level = level  # racing


threads = [threading.Thread(target=Logger.set_level, args=(x,)) for x in ("debug", "error")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(Logger.level != "info")
print("end")
