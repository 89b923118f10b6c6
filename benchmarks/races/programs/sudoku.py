"""Sudokus, solved by threads that take puzzles from a queue and put answers into a dict."""

import queue
import threading

import measured

PUZZLES = (
    "530070000600195000098000060800060003400803001700020006060000280000419005000080079",
    "000260701680070090190004500820100040004602900050003028009300074040050036703018000",
    "020608000580009700000040000370000500600000004008000013000020000009800036000306090",
    "200080300060070084030500209000105408000000000402706000301007040720040060004010003",
)


class Solver:
    def __init__(self, text):
        self.cells = [int(letter) for letter in text]
        self.rows = [set() for _ in range(9)]
        self.columns = [set() for _ in range(9)]
        self.boxes = [set() for _ in range(9)]
        for place, digit in enumerate(self.cells):
            if digit:
                for group in self.groups(place):
                    group.add(digit)

    def groups(self, place):
        row, column = divmod(place, 9)
        return self.rows[row], self.columns[column], self.boxes[row // 3 * 3 + column // 3]

    def choices(self, place):
        row, column, box = self.groups(place)
        return [d for d in range(1, 10) if d not in row and d not in column and d not in box]

    def tightest(self):
        best = None
        for place in range(81):
            if not self.cells[place]:
                found = self.choices(place)
                if best is None or len(found) < len(best[1]):
                    best = (place, found)
                    if len(found) < 2:
                        break
        return best

    def solve(self):
        best = self.tightest()
        if best is None:
            return True
        place, digits = best
        groups = self.groups(place)
        for digit in digits:
            self.cells[place] = digit
            for group in groups:
                group.add(digit)
            if self.solve():
                return True
            for group in groups:
                group.discard(digit)
        self.cells[place] = 0
        return False


class Worker(threading.Thread):
    def __init__(self, puzzles, answers, lock):
        super().__init__()
        self.puzzles, self.answers, self.lock = puzzles, answers, lock

    def run(self):
        while True:
            try:
                number, text = self.puzzles.get_nowait()
            except queue.Empty:
                return
            solver = Solver(text)
            solver.solve()
            with self.lock:
                self.answers[number] = solver.cells


def main(scale):
    puzzles, answers, lock = queue.Queue(), {}, threading.Lock()
    for number in range(scale):
        puzzles.put((number, PUZZLES[number % len(PUZZLES)]))
    workers = [Worker(puzzles, answers, lock) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(answers) == scale
    for number, cells in answers.items():
        assert all(sum(cells[row * 9 : row * 9 + 9]) == 45 for row in range(9))
        assert all(sum(cells[column::9]) == 45 for column in range(9))
        given = PUZZLES[number % len(PUZZLES)]
        assert all(g in ("0", str(c)) for g, c in zip(given, cells, strict=True))


if __name__ == "__main__":
    measured.run(main, 220)
