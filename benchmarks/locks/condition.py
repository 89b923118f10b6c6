"""Condition: two threads that hand a turn to each other, as a program would write it."""

from itertools import repeat
from time import sleep

from benchmarks.pair import alone, answered
from benchmarks.rows import Bench, Row, at_least


def _conversation(threading, delay):
    """Return the two loops: one asks and waits; one waits, takes `delay` s, and answers."""
    condition = threading.Condition()
    asked = False

    def ask(n):
        nonlocal asked
        turn = condition
        for _ in repeat(None, n):
            with turn:
                asked = True
                turn.notify()
                while asked:
                    turn.wait()

    def answer(n):
        nonlocal asked
        turn = condition
        for _ in repeat(None, n):
            with turn:
                while not asked:
                    turn.wait()
                asked = False
                turn.notify()

    def answer_late(n):
        nonlocal asked
        turn = condition
        for _ in repeat(None, n):
            with turn:
                while not asked:
                    turn.wait()
            sleep(delay)
            with turn:
                asked = False
                turn.notify()

    return ask, answer_late if delay else answer


def round_trip(threading):
    return answered(threading, *_conversation(threading, 0))


def late(threading):
    return answered(threading, *_conversation(threading, 0.001), cpu=True)


def create(threading):
    def loop(n):
        make = threading.Condition
        for _ in repeat(None, n):
            make()
            make()
            make()
            make()
            make()

    return alone(loop)


BENCHES = [
    Bench(
        (Row("Condition round trip", at_least(15, ft=25), wakeups=2),),
        round_trip,
        sample_ms=30,
    ),
    Bench(
        (
            Row("Condition answered 1 ms late, wall", at_least(1.0)),
            Row("Condition answered 1 ms late, CPU", at_least(1.0), level=0.95),
        ),
        late,
        sample_ms=30,
    ),
    Bench((Row("create a Condition", at_least(5)),), create, ops=5),
]
