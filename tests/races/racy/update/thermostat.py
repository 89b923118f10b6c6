"""A property hides the value that it reads and writes. Two corrections at once can be one."""

# race: update Thermostat._target

import threading


class Thermostat:
    def __init__(self, target):
        self._target = target

    @property
    def target(self):
        return self._target  # racing

    @target.setter
    def target(self, value):
        if not 5 <= value <= 30:
            raise ValueError(value)
        self._target = value  # racing


def correct(thermostat, degrees):
    thermostat.target += degrees  # racing


thermostat = Thermostat(20)
threads = [threading.Thread(target=correct, args=(thermostat, by)) for by in (2, -1)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(thermostat.target)
print("end")
