"""A thread that nobody joins is waited for at the end, and an exit handler reads its sum."""

import atexit
import threading


class Sum:
    def __init__(self):
        self.value = 0

    def add(self, numbers):
        for number in numbers:
            self.value += number

    def show(self):
        self.value += 1000
        print(self.value)
        print("end")


total = Sum()
atexit.register(total.show)
threading.Thread(target=total.add, args=(range(10),)).start()
