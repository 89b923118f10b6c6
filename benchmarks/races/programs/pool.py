"""Ranges are searched for primes by a pool; the answers come as they are ready."""

from concurrent.futures import ThreadPoolExecutor, as_completed

import measured


def is_prime(number):
    if number < 2:
        return False
    divisor = 2
    while divisor * divisor <= number:
        if number % divisor == 0:
            return False
        divisor += 1
    return True


def search(first, last):
    found = []
    for number in range(first, last):
        if is_prime(number):
            found.append(number)
    return found


class Progress:
    def __init__(self, pool):
        self.pool = pool
        self.done = 0
        self.primes = []

    def run(self, last, step=100):
        tasks = [
            self.pool.submit(search, first, min(first + step, last))
            for first in range(0, last, step)
        ]
        for task in as_completed(tasks):
            self.done += 1
            self.primes.extend(task.result())
        return len(tasks)


def main(scale):
    with ThreadPoolExecutor(4) as pool:
        progress = Progress(pool)
        assert progress.run(scale) == progress.done
    marks = bytearray(b"\1") * scale
    marks[:2] = b"\0\0"
    for number in range(2, int(scale**0.5) + 1):
        if marks[number]:
            marks[number * number :: number] = bytes(len(range(number * number, scale, number)))
    assert sorted(progress.primes) == [n for n in range(scale) if marks[n]]


if __name__ == "__main__":
    measured.run(main, 250_000)
