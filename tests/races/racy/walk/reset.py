"""A scoreboard is printed while the next round clears it."""

# race: walk Board.scores

import threading


class Board:
    def __init__(self):
        self.scores = [("ann", 3), ("bob", 5)]

    def show(self, out):
        for name, score in self.scores:  # racing
            out.append(f"{name:5}{score:3}")

    def reset(self):
        self.scores.clear()  # racing


board, out = Board(), []
showing = threading.Thread(target=board.show, args=(out,))
showing.start()
board.reset()
showing.join()
print(len(out) <= 2)
print("end")
