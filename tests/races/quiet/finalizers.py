"""Objects that die in several threads tell it by __del__ and by a weak reference's callback."""

import threading
import weakref


class Handle:
    lock = threading.RLock()
    open = 0
    closed = 0

    def __init__(self, number):
        self.number = number
        self.uses = 0
        with Handle.lock:
            Handle.open += 1

    def use(self):
        self.uses += 1

    def __del__(self):
        self.uses = 0
        with Handle.lock:
            Handle.open -= 1
            Handle.closed += 1


gone = []


def work(number):
    for _ in range(3):
        handle = Handle(number)
        handle.use()
        weakref.finalize(handle, gone.append, number)
        del handle


threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(Handle.open, Handle.closed, sorted(gone))
print("end")
