"""A value is read and written back through a property that checks it."""

import threading


class Thermostat:
    def __init__(self):
        self._degrees = 20

    @property
    def degrees(self):
        return self._degrees

    @degrees.setter
    def degrees(self, value):
        if value > 30:
            raise ValueError("too hot")
        self._degrees = value


thermostat = Thermostat()


def warmer():
    thermostat.degrees += 1


threads = [threading.Thread(target=warmer, name=name) for name in ("hall", "attic")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
