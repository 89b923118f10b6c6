"""Random trees of groups that fail, are cancelled, run out of time: nothing is left of them."""

import os
import random
import threading as stock

import pytest
import raddle

pytestmark = pytest.mark.raddle_only
TREES = int(os.environ.get("RADDLE_TREES", 150))


class Failure(Exception):
    """An error that a task of a tree has raised."""


class Tree:
    """One tree, drawn from a seed, and what it shares: every permit has to come back."""

    def __init__(self, threading, queue, seed):
        self.random = random.Random(seed)
        self.guard = stock.Lock()  # of the stdlib: no scope ends a wait for it
        self.raised, self.put, self.got = [], 0, 0
        self.locks = [threading.Lock() for _ in range(2)]
        self.permits = threading.Semaphore(2)
        self.condition = threading.Condition()
        self.items = queue.Queue(3)
        self.event = threading.Event()
        self.queue = queue

    def draw(self, *among):
        with self.guard:
            return self.random.choice(among)

    def fail(self):
        error = Failure(object())
        with self.guard:
            self.raised.append(error)
        raise error

    def count(self, name):
        with self.guard:
            setattr(self, name, getattr(self, name) + 1)

    def step(self):
        what = self.draw("lock", "permit", "put", "get", "wait", "notify", "sleep", "event")
        if what == "lock":
            with self.locks[0], self.locks[1]:
                raddle.sleep(self.draw(0, 0.0001))
        elif what == "permit":
            with self.permits:
                raddle.sleep(self.draw(0, 0.0001))
        elif what == "put":
            # Counted where nothing comes in between: the item is in the queue or it is not.
            self.items.put(1)
            self.count("put")
        elif what == "get":
            self.items.get()
            self.count("got")
        elif what == "wait":
            with self.condition:
                self.condition.wait(self.draw(0.0005, 0.002))
        elif what == "notify":
            with self.condition:
                self.condition.notify()
        elif what == "event":
            self.event.wait(self.draw(0.0002, 0.001))
        else:
            raddle.sleep(self.draw(0, 0.0001, 0.0005))

    def task(self, depth):
        for _ in range(self.draw(1, 3, 6)):
            self.step()
        if depth and self.draw(True, True, False):
            self.group(depth - 1)
        if self.draw(*[False] * 7, True):
            self.fail()

    def group(self, depth):
        deadline = self.draw(None, None, 0.001, 0.003, 0.01)
        on_error = self.draw("cancel", "cancel", "continue")
        try:
            with raddle.Group(deadline=deadline, on_error=on_error) as group:
                for _ in range(self.draw(1, 2, 3)):
                    group.start(self.task, depth)
                what = self.draw("cancel", "fail", *["wait"] * 4)
                if what == "cancel":
                    group.cancel()
                elif what == "fail":
                    self.fail()
                else:
                    # A tree whose tasks all wait for one another ends as well.
                    self.event.wait(self.draw(0.0005, 0.002))
                    if deadline is None:
                        group.cancel()
        except TimeoutError:
            assert deadline is not None
        assert group.tasks == ()


def errors(error):
    if isinstance(error, BaseExceptionGroup):
        return [each for inner in error.exceptions for each in errors(inner)]
    return [error]


@pytest.mark.parametrize("part", range(3))
def test_nothing_is_left_of_a_tree(threading, queue, part):
    before = set(threading.enumerate())
    for seed in range(part * TREES, (part + 1) * TREES):
        tree, found = Tree(threading, queue, seed), []
        try:
            tree.group(self_depth := 2)
        except BaseExceptionGroup as group:
            found = errors(group)
        assert self_depth == 2
        told = [each for each in found if not isinstance(each, TimeoutError)]
        assert sorted(map(id, told)) == sorted(map(id, tree.raised)), f"seed {seed}"
        assert set(threading.enumerate()) <= before, f"seed {seed}"
        assert all(lock.acquire(False) for lock in tree.locks), f"seed {seed}"
        assert [tree.permits.acquire(False) for _ in range(3)] == [True, True, False], seed
        assert tree.condition.acquire(False) and tree.items.mutex.acquire(False), f"seed {seed}"
        assert raddle.remaining() is None
    raddle.checkpoint()
