"""An event is given to all listeners while one is taken away. The next can be skipped."""

# race: walk Emitter.listeners

import threading


class Emitter:
    def __init__(self, *listeners):
        self.listeners = list(listeners)

    def emit(self, event):
        for listener in self.listeners:  # racing
            listener(event)

    def remove(self, listener):
        self.listeners.remove(listener)  # racing


def first(event):
    pass


heard = []
emitter = Emitter(first, heard.append)
threads = [
    threading.Thread(target=emitter.emit, args=("click",)),
    threading.Thread(target=emitter.remove, args=(first,)),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(heard) <= 1)
print("end")
