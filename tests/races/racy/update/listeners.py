"""Listeners are a tuple that is replaced by a longer one. One of two can be lost."""

# race: update Emitter.listeners

import threading


class Emitter:
    def __init__(self):
        self.listeners = ()

    def listen(self, listener):
        self.listeners = (*self.listeners, listener)  # racing


emitter = Emitter()
threads = [threading.Thread(target=emitter.listen, args=(f,)) for f in (print, len)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(emitter.listeners))
print("end")
