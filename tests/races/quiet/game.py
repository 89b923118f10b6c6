"""A simulation: a world stepped by a pool with barriers, entities moved between cells with
locks per cell in order."""

import dataclasses
import random
import threading


@dataclasses.dataclass(eq=False)
class Entity:
    name: str
    energy: int = 10
    path: list = dataclasses.field(default_factory=list)

    def step(self):
        self.energy -= 1
        self.path.append(self.energy)


class Cell:
    def __init__(self, n):
        self.n, self.lock, self.entities, self.visits = n, threading.Lock(), [], 0


class World:
    def __init__(self, size):
        self.cells, self.tick, self.log, self.log_lock = (
            [Cell(n) for n in range(size)],
            0,
            [],
            threading.Lock(),
        )

    def move(self, source, target):
        if source is target:
            return
        first, second = (source, target) if source.n < target.n else (target, source)
        with first.lock, second.lock:
            if source.entities:
                e = source.entities.pop(0)
                e.step()
                target.entities.append(e)
                target.visits += 1

    def feed(self, cell):
        with cell.lock:
            for e in cell.entities:
                if e.energy < 5:
                    e.energy += 5

    def note(self, text):
        with self.log_lock:
            self.log.append((self.tick, text))

    def end_tick(self):
        self.tick += 1
        for c in self.cells:
            c.entities.sort(key=lambda e: e.name)


world = World(5)
for n in range(10):
    world.cells[n % 5].entities.append(Entity(f"e{n}"))
barrier = threading.Barrier(3, action=world.end_tick)


def player(n):
    r = random.Random(n)
    for t in range(5):
        for _ in range(4):
            world.move(r.choice(world.cells), r.choice(world.cells))
            world.feed(r.choice(world.cells))
        world.note(n)
        barrier.wait()
        if t % 2 == n % 2:
            assert world.tick == t + 1
        barrier_b.wait()


barrier_b = threading.Barrier(3)
ts = [threading.Thread(target=player, args=(n,)) for n in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(sum(len(c.entities) for c in world.cells), world.tick, len(world.log))
print("end")
