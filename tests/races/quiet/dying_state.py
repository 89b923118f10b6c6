"""The last thread to let go of an object ends what only that has, from its `__del__`."""

import threading


class State:
    def __init__(self):
        self.count = 0


class Holder:
    def __init__(self):
        self.state = State()
        self.names = {"used": 0}
        self.items = []

    def use(self):
        self.state.count += 1
        self.names["used"] += 1
        self.items.append(self.state.count)

    def close(self):
        self.state.count -= 1
        self.names["used"] -= 1
        for _ in self.items:
            self.state.count += 1

    def __del__(self):
        self.close()


def work():
    mine = boxes.pop()
    mine.use()


holder = Holder()
boxes = [holder]
thread = threading.Thread(target=work)
thread.start()
del holder
thread.join()
print(boxes)
print("end")
