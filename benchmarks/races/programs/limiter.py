"""A rate limiter with a bucket for each customer, on a clock that the program turns."""

import functools
import threading

import measured


class Clock:
    def __init__(self):
        self.lock = threading.Lock()
        self.ticks = 0

    def tick(self):
        with self.lock:
            self.ticks += 1
            return self.ticks


class Bucket:
    __slots__ = ("last", "tokens")

    def __init__(self, tokens, last):
        self.tokens, self.last = tokens, last


class Limiter:
    def __init__(self, clock, burst, every):
        self.clock, self.burst, self.every = clock, burst, every
        self._lock = threading.Lock()
        self._buckets = {}
        self.refused = 0

    def allow(self, customer):
        with self._lock:
            now = self.clock.tick()
            bucket = self._buckets.get(customer)
            if bucket is None:
                bucket = self._buckets[customer] = Bucket(self.burst, now)
            gained = (now - bucket.last) // self.every
            if gained > 0:
                bucket.tokens = min(self.burst, bucket.tokens + gained)
                bucket.last += gained * self.every
            if bucket.tokens == 0:
                self.refused += 1
                return False
            bucket.tokens -= 1
            return True


def limited(limiter):
    def decorate(function):
        @functools.wraps(function)
        def call(customer, *args):
            if limiter.allow(customer):
                return function(customer, *args)
            return None

        return call

    return decorate


def main(scale):
    clock = Clock()
    limiter = Limiter(clock, burst=10, every=8)
    served, lock = {}, threading.Lock()

    @limited(limiter)
    def serve(customer, amount):
        with lock:
            served[customer] = served.get(customer, 0) + amount
        return amount

    granted = [0] * 4

    def call(number):
        total = 0
        for round_ in range(scale):
            total += serve(f"customer-{(number + round_) % 3}", 1) or 0
        granted[number] = total

    threads = [threading.Thread(target=call, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.ticks == 4 * scale
    assert sum(granted) == sum(served.values()) == 4 * scale - limiter.refused
    assert all(count <= 10 + 4 * scale // 8 for count in served.values())


if __name__ == "__main__":
    measured.run(main, 115_000)
