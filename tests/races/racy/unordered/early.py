"""The event is set before the value is there. The reader that waited can see the old one."""

# race: unordered Sensor.value

import threading


class Sensor:
    def __init__(self):
        self.ready = threading.Event()
        self.value = 0

    def measure(self):
        self.ready.set()
        self.value = 21  # racing

    def read(self):
        self.ready.wait()
        return self.value  # racing


sensor = Sensor()
thread = threading.Thread(target=sensor.measure)
thread.start()
value = sensor.read()
thread.join()
print(value in (0, 21))
print("end")
