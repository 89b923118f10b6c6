"""A meter with slots is read out by two collectors. A reading can be lost."""

# race: update Meter.total

import threading


class Meter:
    __slots__ = ("name", "total")

    def __init__(self, name):
        self.name = name
        self.total = 0.0

    def add(self, reading):
        self.total = self.total + reading  # racing


def collect(meter, readings):
    for reading in readings:
        meter.add(reading)


meter = Meter("water")
threads = [
    threading.Thread(target=collect, args=(meter, [0.5, 0.25])),
    threading.Thread(target=collect, args=(meter, [1.0])),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(meter.name, meter.total)
print("end")
