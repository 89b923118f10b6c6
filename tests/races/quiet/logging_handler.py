"""A handler counts its records; the logging module calls it under the handler's lock."""

import logging
import threading


class Counting(logging.Handler):
    def __init__(self):
        super().__init__()
        self.records = 0
        self.by_level = {}

    def emit(self, record):
        self.records += 1
        if record.levelname not in self.by_level:
            self.by_level[record.levelname] = 0
        self.by_level[record.levelname] += 1


log = logging.getLogger("shop")
log.setLevel(logging.INFO)
log.propagate = False
handler = Counting()
log.addHandler(handler)


def work(number):
    log.info("order %d", number)
    log.warning("order %d is late", number)


threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(handler.records, handler.by_level["INFO"], handler.by_level["WARNING"])
print("end")
