"""Two threads take turns by two events, each of which is set, waited for and cleared."""

import threading


class Board:
    def __init__(self):
        self.your_turn = threading.Event()
        self.my_turn = threading.Event()
        self.moves = 0
        self.text = ""

    def answer(self):
        for _ in range(4):
            self.your_turn.wait()
            self.your_turn.clear()
            self.moves += 1
            self.text += "o"
            self.my_turn.set()


board = Board()
thread = threading.Thread(target=board.answer)
thread.start()
for _ in range(4):
    board.moves += 1
    board.text += "x"
    board.your_turn.set()
    board.my_turn.wait()
    board.my_turn.clear()
print(board.moves, board.text)
thread.join()
print("end")
