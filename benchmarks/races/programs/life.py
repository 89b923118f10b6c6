"""The game of life by bands: a barrier between the generations swaps the two boards."""

import threading

import measured


class World:
    def __init__(self, size, bands):
        self.size, self.bands = size, bands
        self.now = [[0] * size for _ in range(size)]
        self.then = [[0] * size for _ in range(size)]
        self.generation = 0
        self.barrier = threading.Barrier(bands, action=self.swap)

    def place(self, x, y, shape):
        for dy, line in enumerate(shape):
            for dx, letter in enumerate(line):
                self.now[y + dy][x + dx] = int(letter == "#")

    def swap(self):
        self.now, self.then = self.then, self.now
        self.generation += 1

    def around(self, x, y):
        count = -self.now[y][x]
        for row in (y - 1, y, (y + 1) % self.size):
            cells = self.now[row]
            count += cells[x - 1] + cells[x] + cells[(x + 1) % self.size]
        return count

    def band(self, number, generations):
        first = number * self.size // self.bands
        last = (number + 1) * self.size // self.bands
        for _ in range(generations):
            for y in range(first, last):
                for x in range(self.size):
                    count = self.around(x, y)
                    alive = count == 3 or (count == 2 and self.now[y][x])
                    self.then[y][x] = int(alive)
            self.barrier.wait()


GLIDER = (".#.", "..#", "###")


def main(scale):
    world = World(48, 4)
    world.place(3, 3, GLIDER)
    world.place(30, 20, GLIDER)
    generations = scale * 4
    threads = [threading.Thread(target=world.band, args=(n, generations)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.generation == generations
    expected = World(48, 1)
    for x, y in ((3, 3), (30, 20)):
        for dy, line in enumerate(GLIDER):
            for dx, letter in enumerate(line):
                expected.now[(y + dy + scale) % 48][(x + dx + scale) % 48] = int(letter == "#")
    assert world.now == expected.now


if __name__ == "__main__":
    measured.run(main, 160)
