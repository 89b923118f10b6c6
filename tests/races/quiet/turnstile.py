"""A barrier of two locks, each of which another thread may release."""

import threading


class Barrier:
    def __init__(self, n):
        self.n, self.waiting = n, 0
        self.checkin, self.checkout = threading.Lock(), threading.Lock()
        self.checkout.acquire()

    def enter(self):
        self.checkin.acquire()
        self.waiting = self.waiting + 1
        if self.waiting == self.n:
            self.waiting = self.n - 1
            self.checkout.release()
            return
        self.checkin.release()
        self.checkout.acquire()
        self.waiting = self.waiting - 1
        if self.waiting == 0:
            self.checkin.release()
            return
        self.checkout.release()


b = Barrier(3)


def work():
    for _ in range(4):
        b.enter()


ts = [threading.Thread(target=work) for _ in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print("end")
