"""A descriptor checks a value before it is stored. Two changes at once can be one."""

# race: update Player._lives

import threading


class Lives:
    def __get__(self, player, owner=None):
        return player._lives  # racing

    def __set__(self, player, value):
        player._lives = max(0, value)  # racing


class Player:
    lives = Lives()

    def __init__(self):
        self._lives = 3

    def lose(self):
        self.lives -= 1  # racing

    def win(self):
        self.lives += 1  # racing


player = Player()
threads = [threading.Thread(target=player.lose), threading.Thread(target=player.win)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(player.lives)
print("end")
