"""A basket's sum is read into a variable, worked on and written back. An item can be lost."""

# race: update Basket.total

import threading


class Basket:
    def __init__(self):
        self.total = 0

    def add(self, price, quantity):
        total = self.total  # racing
        for _ in range(quantity):
            total += price
        self.total = total  # racing


basket = Basket()
apples = threading.Thread(target=basket.add, args=(3, 4))
pears = threading.Thread(target=basket.add, args=(5, 2))
apples.start()
pears.start()
apples.join()
pears.join()
print(basket.total)
print("end")
