"""A value is written before the event is set, and read after the wait or a true is_set()."""

import threading


class Sensor:
    def __init__(self):
        self.ready = threading.Event()
        self.value = 0

    def measure(self):
        self.value = 21
        self.value += 1
        self.ready.set()


def wait(sensor, out):
    sensor.ready.wait()
    out.append(sensor.value)


def poll(sensor, out):
    while not sensor.ready.is_set():
        pass
    out.append(sensor.value)


sensor, out = Sensor(), []
threads = [
    threading.Thread(target=wait, args=(sensor, out)),
    threading.Thread(target=poll, args=(sensor, out)),
    threading.Thread(target=sensor.measure),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(out)
print("end")
