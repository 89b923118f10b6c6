"""A screen swaps its two buffers. Two swaps at once can leave one buffer in both places."""

# race: update Screen.front
# race: update Screen.back

import threading


class Screen:
    def __init__(self):
        self.front = ["front"]
        self.back = ["back"]

    def flip(self):
        self.front, self.back = self.back, self.front  # racing


screen = Screen()
threads = [threading.Thread(target=screen.flip) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(screen.front))
print("end")
