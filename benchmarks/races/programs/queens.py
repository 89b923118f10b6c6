"""N queens: the pool searches one subtree for each place of the first two."""

import threading
from concurrent.futures import ThreadPoolExecutor

import measured

SOLUTIONS = {5: 10, 6: 4, 7: 40, 8: 92, 9: 352, 10: 724, 11: 2680}


class Board:
    def __init__(self, size):
        self.size = size
        self.columns = [False] * size
        self.rising = [False] * (2 * size)
        self.falling = [False] * (2 * size)

    def free(self, row, column):
        return not (
            self.columns[column]
            or self.rising[row + column]
            or self.falling[row - column + self.size]
        )

    def mark(self, row, column, taken):
        self.columns[column] = taken
        self.rising[row + column] = taken
        self.falling[row - column + self.size] = taken

    def count(self, row):
        if row == self.size:
            return 1
        found = 0
        for column in range(self.size):
            if self.free(row, column):
                self.mark(row, column, True)
                found += self.count(row + 1)
                self.mark(row, column, False)
        return found


class Search:
    def __init__(self, size):
        self.size = size
        self.lock = threading.Lock()
        self.solutions = 0

    def subtree(self, first, second):
        board = Board(self.size)
        board.mark(0, first, True)
        if not board.free(1, second):
            return
        board.mark(1, second, True)
        found = board.count(2)
        with self.lock:
            self.solutions += found


def main(scale):
    search = Search(scale)
    with ThreadPoolExecutor(4) as pool:
        tasks = [
            pool.submit(search.subtree, first, second)
            for first in range(scale)
            for second in range(scale)
        ]
        for task in tasks:
            task.result()
    assert search.solutions == SOLUTIONS[scale]


if __name__ == "__main__":
    measured.run(main, 11)
