"""Dining philosophers, who take the fork with the lower number first."""

import threading

import measured


class Fork:
    def __init__(self, number):
        self.number = number
        self.lock = threading.Lock()
        self.used = 0

    def __enter__(self):
        self.lock.acquire()
        self.used += 1
        return self

    def __exit__(self, *exc):
        self.lock.release()


class Philosopher(threading.Thread):
    def __init__(self, name, left, right, meals):
        super().__init__(name=name)
        self.forks = (left, right) if left.number < right.number else (right, left)
        self.meals, self.eaten, self.thoughts = meals, 0, 0

    def think(self):
        for step in range(12):
            self.thoughts = (self.thoughts * 3 + step) % 97

    def run(self):
        first, second = self.forks
        while self.eaten < self.meals:
            self.think()
            with first, second:
                self.eaten += 1


def main(scale):
    names = ("Kant", "Hume", "Hegel", "Plato", "Arendt")
    forks = [Fork(number) for number in range(len(names))]
    table = [
        Philosopher(name, forks[n], forks[(n + 1) % len(names)], scale)
        for n, name in enumerate(names)
    ]
    for philosopher in table:
        philosopher.start()
    for philosopher in table:
        philosopher.join()
    assert [philosopher.eaten for philosopher in table] == [scale] * len(names)
    assert [fork.used for fork in forks] == [2 * scale] * len(names)


if __name__ == "__main__":
    measured.run(main, 80_000)
