"""Two clerks write the same field of a board, an item of a list."""

# race: unordered board[0]

import threading

board = ["", "open from nine to five"]


def write(text):
    board[0] = text  # racing


threads = [threading.Thread(target=write, args=(text,)) for text in ("open", "shut")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(board[0] in ("open", "shut"))
print("end")
