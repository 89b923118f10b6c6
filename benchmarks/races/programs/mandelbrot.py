"""Mandelbrot's set, by rows: the next row's number is taken under a lock."""

import threading

import measured

LIMIT = 40


class Picture:
    def __init__(self, width, height):
        self.width, self.height = width, height
        self.rows = [None] * height
        self.next_row = 0
        self.lock = threading.Lock()

    def take(self):
        with self.lock:
            row = self.next_row
            self.next_row += 1
        return row if row < self.height else None

    def steps(self, x, y):
        a = b = 0.0
        for step in range(LIMIT):
            a, b = a * a - b * b + x, 2 * a * b + y
            if a * a + b * b > 4:
                return step
        return LIMIT

    def draw(self):
        while (row := self.take()) is not None:
            y = 2.4 * row / (self.height - 1) - 1.2
            line = []
            for column in range(self.width):
                x = 3.2 * column / self.width - 2.2
                line.append(self.steps(x, y))
            self.rows[row] = line


def main(scale):
    picture = Picture(2 * scale, scale + 1)
    threads = [threading.Thread(target=picture.draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(len(row) == picture.width for row in picture.rows)
    inside = sum(steps == LIMIT for row in picture.rows for steps in row)
    assert 0.15 < inside / (picture.width * picture.height) < 0.25
    for row, mirrored in zip(picture.rows, reversed(picture.rows), strict=True):
        assert sum(a != b for a, b in zip(row, mirrored, strict=True)) < scale / 10


if __name__ == "__main__":
    measured.run(main, 320)
