"""A lock is used as a signal: the worker releases what the main thread acquired."""

import threading


class Oven:
    def __init__(self):
        self.baked = threading.Lock()
        self.baked.acquire()
        self.cake = None
        self.slices = 0

    def bake(self):
        self.cake = "cake"
        self.slices = 8
        self.baked.release()


oven = Oven()
thread = threading.Thread(target=oven.bake)
thread.start()
oven.baked.acquire()
oven.slices -= 1
print(oven.cake, oven.slices)
thread.join()
print("end")
