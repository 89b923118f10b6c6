"""Elevators in a tower: passengers call them, and a barrier ends each tick of the clock."""

import random
import threading
from dataclasses import dataclass, field

import measured

FLOORS = 30


@dataclass
class Passenger:
    start: int
    goal: int
    arrived: int | None = None


@dataclass
class Floor:
    waiting: list = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def board(self, room):
        with self.lock:
            taken, self.waiting = self.waiting[:room], self.waiting[room:]
        return taken

    def join(self, passenger):
        with self.lock:
            self.waiting.append(passenger)


class Elevator:
    def __init__(self, tower, floor, room=6):
        self.tower, self.room = tower, room
        self.floor, self.direction = floor, 1
        self.inside, self.moved = [], 0

    def step(self, tick):
        staying = []
        for passenger in self.inside:
            if passenger.goal == self.floor:
                passenger.arrived = tick
                self.moved += 1
            else:
                staying.append(passenger)
        self.inside = staying
        if len(self.inside) < self.room:
            self.inside += self.tower.floors[self.floor].board(self.room - len(self.inside))
        if not 0 <= self.floor + self.direction < FLOORS:
            self.direction = -self.direction
        self.floor += self.direction


class Tower:
    def __init__(self, elevators, passengers):
        self.floors = [Floor() for _ in range(FLOORS)]
        self.elevators = [Elevator(self, n * FLOORS // elevators) for n in range(elevators)]
        self.passengers = passengers
        self.tick, self.ended = 0, False
        self.barrier = threading.Barrier(elevators, action=self.next_tick)

    def next_tick(self):
        for passenger in self.passengers[self.tick * 4 : self.tick * 4 + 4]:
            self.floors[passenger.start].join(passenger)
        self.tick += 1
        moved = 0
        for elevator in self.elevators:
            moved += elevator.moved
        self.ended = moved == len(self.passengers)

    def run(self, elevator):
        while True:
            self.barrier.wait()
            if self.ended:
                return
            for _ in range(8):
                elevator.step(self.tick)


def main(scale):
    chance = random.Random(7)
    passengers = [Passenger(*chance.sample(range(FLOORS), 2)) for _ in range(scale)]
    tower = Tower(4, passengers)
    threads = [
        threading.Thread(target=tower.run, args=(elevator,)) for elevator in tower.elevators
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(passenger.arrived is not None for passenger in passengers)
    assert sum(elevator.moved for elevator in tower.elevators) == scale


if __name__ == "__main__":
    measured.run(main, 34_000)
