"""A product of matrices: each thread computes its own rows of the one result."""

import threading

import measured


class Matrix:
    def __init__(self, rows):
        self.rows = rows

    @classmethod
    def zeros(cls, height, width):
        return cls([[0] * width for _ in range(height)])

    @property
    def width(self):
        return len(self.rows[0])

    @property
    def height(self):
        return len(self.rows)


def fill(left, right, product, first, step):
    for i in range(first, left.height, step):
        for j in range(right.width):
            total = 0
            for k in range(left.width):
                total += left.rows[i][k] * right.rows[k][j]
            product.rows[i][j] = total


def multiply(left, right, workers=4):
    product = Matrix.zeros(left.height, right.width)
    threads = [
        threading.Thread(target=fill, args=(left, right, product, first, workers))
        for first in range(workers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return product


def main(scale):
    size = scale
    left = Matrix([[i * j % 7 for j in range(size)] for i in range(size)])
    right = Matrix([[(i + j) % 5 for j in range(size)] for i in range(size)])
    product = multiply(left, right)
    ones = [sum(row) for row in right.rows]
    for row, got in zip(left.rows, product.rows, strict=True):
        assert sum(got) == sum(a * b for a, b in zip(row, ones, strict=True))


if __name__ == "__main__":
    measured.run(main, 210)
