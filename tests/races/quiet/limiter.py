"""A rate limiter of a condition, and a token bucket, both waited for."""

import functools
import threading
import time


class Bucket:
    def __init__(self, rate, size, clock=time.monotonic):
        self.rate, self.size, self.clock = rate, size, clock
        self._tokens = size
        self._last = clock()
        self._cond = threading.Condition()

    def _refill(self):
        now = self.clock()
        self._tokens = min(self.size, self._tokens + (now - self._last) * self.rate)
        self._last = now

    def take(self, count=1, timeout=5):
        end = self.clock() + timeout
        with self._cond:
            while True:
                self._refill()
                if self._tokens >= count:
                    self._tokens -= count
                    return True
                left = min(end - self.clock(), (count - self._tokens) / self.rate)
                if left <= 0:
                    return False
                self._cond.wait(left)

    @property
    def tokens(self):
        with self._cond:
            self._refill()
            return self._tokens


def limited(bucket):
    def decorate(function):
        calls = 0
        lock = threading.Lock()

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            nonlocal calls
            if not bucket.take():
                raise TimeoutError
            with lock:
                calls += 1
                wrapper.calls = calls
            return function(*args, **kwargs)

        wrapper.calls = 0
        return wrapper

    return decorate


bucket = Bucket(2000, 5)


@limited(bucket)
def ping(n):
    return n * 2


results = []


def work(n):
    for at in range(15):
        results.append(ping(n + at))


threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(len(results), ping.calls, bucket.tokens <= 5)
print("end")
