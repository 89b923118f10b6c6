"""The lowest number of a window is looked for while its oldest numbers are cut off."""

# race: walk Window.numbers

import threading


class Window:
    def __init__(self, numbers):
        self.numbers = numbers

    def lowest(self):
        return min(number for number in self.numbers)  # racing

    def trim(self):
        self.numbers[:2] = []  # racing


def measure(window, out):
    out.append(window.lowest())


window, out = Window([4, 3, 8, 6]), []
threads = [
    threading.Thread(target=measure, args=(window, out)),
    threading.Thread(target=window.trim),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(out[0] in (3, 4, 6))
print("end")
