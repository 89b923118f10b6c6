"""A basket is iterable over its items, and a thread takes one out while another adds up."""

# race: walk Basket.items

import threading


class Basket:
    def __init__(self, **items):
        self.items = dict(items)

    def __iter__(self):
        return iter(self.items.values())  # racing

    def remove(self, name):
        self.items.pop(name, None)  # racing


def add_up(basket, sums):
    total = 0
    try:
        for price in basket:  # racing
            total += price
    except RuntimeError:
        total = -1
    sums.append(total)


basket, sums = Basket(tea=3, milk=2, bread=4), []
threads = [
    threading.Thread(target=add_up, args=(basket, sums)),
    threading.Thread(target=basket.remove, args=("milk",)),
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sums[0] in (9, 7, -1))
print("end")
