"""A timer marks a lease as expired, and its owner writes the holder's name into it."""

# race: unordered Lease.holder

import threading


class Lease:
    def __init__(self):
        self.holder = "nobody"
        self.timer = threading.Timer(0.01, self.expire)

    def expire(self):
        self.holder = "expired"  # racing

    def take(self, name):
        self.timer.start()
        self.holder = name  # racing


lease = Lease()
lease.take("ann")
lease.timer.join()
print(lease.holder in ("expired", "ann"))
print("end")
