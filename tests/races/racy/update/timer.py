"""A timer adds to a score that the main thread adds to as well."""

# race: update Game.score

import threading


class Game:
    def __init__(self):
        self.score = 0

    def bonus(self):
        self.score += 100  # racing

    def hit(self):
        self.score += 1  # racing


game = Game()
timer = threading.Timer(0.01, game.bonus)
timer.start()
game.hit()
timer.join()
print(game.score)
print("end")
