"""Tasks of a pool add to a sum. Often one thread runs them all, but that is chance."""

# race: update Sum.value

from concurrent.futures import ThreadPoolExecutor


class Sum:
    def __init__(self):
        self.value = 0

    def add(self, number):
        self.value += number  # racing


total = Sum()
with ThreadPoolExecutor(4) as pool:
    list(pool.map(total.add, range(5)))
print(total.value)
print("end")
