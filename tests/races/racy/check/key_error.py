"""A memo tries the key and, where it is missing, computes. Two can compute the same."""

# race: check Squares.memo[7]

import threading


class Squares:
    def __init__(self):
        self.memo = {}
        self.lock = threading.Lock()
        self.calls = 0

    def get(self, number):
        with self.lock:
            self.calls += 1
        try:
            return self.memo[number]  # racing
        except KeyError:
            self.memo[number] = number * number  # racing
            return number * number


squares = Squares()
threads = [threading.Thread(target=squares.get, args=(7,)) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(squares.memo, squares.calls)
print("end")
