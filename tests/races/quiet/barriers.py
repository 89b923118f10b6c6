"""Barrier phases over shared arrays, with an action and the thread that is number 0; red and
black; a reset."""

import random
import threading

N, SIZE = 3, 12
grid = [[(x * y) % 7 for x in range(SIZE)] for y in range(SIZE)]
new = [[0] * SIZE for _ in range(SIZE)]
history, rounds, biggest = [], 0, [0] * N


def swap():
    global grid, new, rounds
    grid, new = new, grid
    rounds += 1
    history.append(sum(map(sum, grid)))


barrier = threading.Barrier(N, action=swap)


def relax(me):
    for _ in range(4):
        for y in range(me, SIZE, N):
            for x in range(SIZE):
                new[y][x] = (grid[y - 1][x] + grid[(y + 1) % SIZE][x] + grid[y][x - 1]) % 11
        barrier.wait()
        biggest[me] = max(biggest[me], max(grid[me]))


ts = [threading.Thread(target=relax, args=(n,)) for n in range(N)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(rounds, len(history), max(biggest) > 0)
cells = list(range(20))
b2 = threading.Barrier(2)
leader = {"sum": 0}
turns = []


def red_black(me):
    for phase in range(4):
        for at in range(1 + (phase + me) % 2, 19, 2):
            if (at // 2) % 2 == me:
                cells[at] = (cells[at - 1] + cells[at + 1]) % 50 if False else cells[at] + 1
        at = b2.wait()
        if at == 0:
            leader["sum"] += sum(cells)
            turns.append(phase)
            random.seed(leader["sum"])
        b2.wait()


ts = [threading.Thread(target=red_black, args=(n,)) for n in range(2)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(leader["sum"] > 0, turns)
prefix = [1] * 8
tmp = [0] * 8
b3 = threading.Barrier(8)


def scan(me):
    d = 1
    while d < 8:
        tmp[me] = prefix[me] + (prefix[me - d] if me >= d else 0)
        b3.wait()
        prefix[me] = tmp[me]
        b3.wait()
        d *= 2


ts = [threading.Thread(target=scan, args=(n,)) for n in range(8)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(prefix)
print("end")
