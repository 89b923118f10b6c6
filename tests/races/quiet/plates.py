"""Plates are stacked on a LifoQueue and washed by whoever takes them off."""

import queue
import threading


class Plate:
    def __init__(self, number):
        self.number = number
        self.washed = 0


stack = queue.LifoQueue()
clean = queue.LifoQueue()


def pile(numbers):
    for number in numbers:
        plate = Plate(number)
        plate.washed = 0
        stack.put(plate)


def wash(count):
    for _ in range(count):
        plate = stack.get()
        plate.washed += 1
        clean.put(plate)


threads = [
    threading.Thread(target=wash, args=(3,)),
    threading.Thread(target=wash, args=(2,)),
    threading.Thread(target=pile, args=(range(3),)),
    threading.Thread(target=pile, args=(range(3, 5),)),
]
for thread in threads:
    thread.start()
plates = [clean.get() for _ in range(5)]
for plate in plates:
    plate.washed += 1
print(sorted((plate.number, plate.washed) for plate in plates))
print("end")
