"""The sieve of Eratosthenes by segments, each crossed out by whoever takes it."""

import threading

import measured


class Sieve:
    def __init__(self, limit, width=2000):
        self.limit, self.width = limit, width
        self.lock = threading.Lock()
        self.starts = iter(range(0, limit, width))
        self.small = self.primes_below(int(limit**0.5) + 1)
        self.found = {}

    @staticmethod
    def primes_below(limit):
        marks = [True] * limit
        primes = []
        for number in range(2, limit):
            if marks[number]:
                primes.append(number)
                for multiple in range(number * number, limit, number):
                    marks[multiple] = False
        return primes

    def take(self):
        with self.lock:
            return next(self.starts, None)

    def segment(self, start):
        end = min(start + self.width, self.limit)
        marks = [True] * (end - start)
        for prime in self.small:
            if prime * prime >= end:
                break
            multiple = max(prime * prime, (start + prime - 1) // prime * prime)
            while multiple < end:
                marks[multiple - start] = False
                multiple += prime
        return [start + n for n, mark in enumerate(marks) if mark and start + n > 1]

    def work(self):
        while (start := self.take()) is not None:
            primes = self.segment(start)
            with self.lock:
                self.found[start] = primes


def main(scale):
    sieve = Sieve(scale)
    threads = [threading.Thread(target=sieve.work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [prime for start in sorted(sieve.found) for prime in sieve.found[start]]
    assert found == Sieve.primes_below(scale)


if __name__ == "__main__":
    measured.run(main, 1_600_000)
