"""One ball goes to and fro between two threads over two queues; whoever has it changes it."""

import queue
import threading


class Ball:
    def __init__(self):
        self.hits = 0
        self.by = {"left": 0, "right": 0}


def play(name, mine, other, rounds):
    for _ in range(rounds):
        ball = mine.get()
        ball.hits += 1
        ball.by[name] += 1
        other.put(ball)


left, right, ball = queue.Queue(), queue.SimpleQueue(), Ball()
players = [
    threading.Thread(target=play, args=("left", left, right, 10)),
    threading.Thread(target=play, args=("right", right, left, 10)),
]
for player in players:
    player.start()
left.put(ball)
for player in players:
    player.join()
print(ball.hits, ball.by)
print("end")
