"""Distances in a maze, by threads that share the frontier and what they have seen."""

import threading
from collections import deque

import measured


class Maze:
    def __init__(self, size):
        self.size = size

    def wall(self, x, y):
        return (x * 7 + y * 13) % 11 == 0 and (x + y) % 3 != 0

    def around(self, place):
        x, y = place
        for nx, ny in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
            if 0 <= nx < self.size and 0 <= ny < self.size and not self.wall(nx, ny):
                yield nx, ny


class Search:
    def __init__(self, maze, start):
        self.maze = maze
        self.lock = threading.Lock()
        self.distance = {start: 0}
        self.frontier = deque([start])
        self.following = deque()
        self.barrier = threading.Barrier(4, action=self.swap)
        self.level, self.ended = 0, False

    def swap(self):
        self.frontier, self.following = self.following, deque()
        self.level += 1
        self.ended = not self.frontier

    def take(self, most=16):
        with self.lock:
            return [self.frontier.popleft() for _ in range(min(most, len(self.frontier)))]

    def work(self):
        while not self.ended:
            while places := self.take():
                for place in places:
                    found = list(self.maze.around(place))
                    with self.lock:
                        for other in found:
                            if other not in self.distance:
                                self.distance[other] = self.level + 1
                                self.following.append(other)
            self.barrier.wait()


def main(scale):
    maze = Maze(scale)
    search = Search(maze, (1, 1))
    threads = [threading.Thread(target=search.work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen, queue = {(1, 1): 0}, deque([(1, 1)])
    while queue:
        place = queue.popleft()
        for other in maze.around(place):
            if other not in seen:
                seen[other] = seen[place] + 1
                queue.append(other)
    assert search.distance == seen
    assert len(seen) > scale * scale / 2


if __name__ == "__main__":
    measured.run(main, 350)
