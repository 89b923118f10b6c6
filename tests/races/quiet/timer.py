"""A timer changes what was set before its start; one that was cancelled does nothing."""

import threading


class Lamp:
    def __init__(self):
        self.on = False
        self.switched = 0

    def switch(self):
        self.on = not self.on
        self.switched += 1


lamp = Lamp()
lamp.switch()
timer = threading.Timer(0.005, lamp.switch)
never = threading.Timer(60, lamp.switch)
timer.start()
never.start()
timer.join()
never.cancel()
never.join()
lamp.switch()
print(lamp.on, lamp.switched)
print("end")
