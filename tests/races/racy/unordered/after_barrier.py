"""A worker stores its part after the barrier that the reader waits at, not before."""

# race: unordered Part.data

import threading


class Part:
    def __init__(self):
        self.data = b""

    def load(self, barrier):
        data = b"part"
        barrier.wait()
        self.data = data  # racing


part, barrier = Part(), threading.Barrier(2)
thread = threading.Thread(target=part.load, args=(barrier,))
thread.start()
barrier.wait()
size = len(part.data)  # racing
thread.join()
print(size in (0, 4))
print("end")
