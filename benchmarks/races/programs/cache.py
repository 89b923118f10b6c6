"""The lengths of Collatz's sequences, by threads that share what they have found."""

import threading

import measured


class Cache:
    def __init__(self):
        self._lock = threading.Lock()
        self._found = {1: 1}
        self.hits = self.misses = 0

    def get(self, key):
        with self._lock:
            found = self._found.get(key)
            if found is None:
                self.misses += 1
            else:
                self.hits += 1
            return found

    def put(self, key, value):
        with self._lock:
            self._found.setdefault(key, value)

    def __len__(self):
        with self._lock:
            return len(self._found)


def length(cache, number):
    path = []
    while (known := cache.get(number)) is None:
        path.append(number)
        number = number // 2 if number % 2 == 0 else 3 * number + 1
    for each in reversed(path):
        known += 1
        cache.put(each, known)
    return known


def search(cache, numbers, longest, index):
    best = (0, 0)
    for number in numbers:
        best = max(best, (length(cache, number), number))
    longest[index] = best


def main(scale):
    cache = Cache()
    longest = [None] * 4
    threads = [
        threading.Thread(target=search, args=(cache, range(n + 1, scale, 4), longest, n))
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    steps, number = max(longest)
    count = 1
    while number != 1:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        count += 1
    assert count == steps
    assert len(cache) >= scale - 1
    assert cache.hits >= scale - 1


if __name__ == "__main__":
    measured.run(main, 150_000)
