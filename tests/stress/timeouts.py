"""Randomised timeouts against random releases: never early, and every permit accounted for."""

import random
import time

from common import Ledger, joined, main, module

THREADS = 6


def torture(long, chance):
    threading, ledger = module(), Ledger()
    seconds = 90 if long else 4
    semaphore, bounded = threading.Semaphore(0), threading.BoundedSemaphore(2)
    condition, event, lock = threading.Condition(), threading.Event(), threading.Lock()
    tokens, stop, failures = 0, threading.Event(), []
    tallies = []

    def timed(pick, tally, name, call):
        timeout = pick.choice([0, pick.random() * 1e-4, pick.random() * 3e-3])
        start = time.monotonic_ns()
        got = call(timeout)
        elapsed = time.monotonic_ns() - start
        tally["calls"] += 1
        tally[name] = tally.get(name, 0) + bool(got)
        if not got:
            tally["timeouts"] += 1
            assert elapsed >= int(timeout * 1e9), f"{name}: {elapsed} ns of {timeout} s"
        return got

    def take(timeout):
        nonlocal tokens
        with condition:
            if condition.wait_for(lambda: tokens, timeout):
                tokens -= 1
                return True
        return False

    def work(seed, tally):
        pick = random.Random(seed)
        try:
            while not stop.is_set():
                choice = pick.randrange(5)
                if choice == 0:
                    timed(pick, tally, "permits", lambda t: semaphore.acquire(timeout=t))
                elif choice == 1:
                    timed(pick, tally, "tokens", take)
                elif choice == 2:
                    timed(pick, tally, "events", event.wait)
                elif choice == 3:
                    if timed(pick, tally, "locks", lambda t: lock.acquire(timeout=t)):
                        lock.release()
                elif timed(pick, tally, "bounds", lambda t: bounded.acquire(timeout=t)):
                    bounded.release()
        except BaseException as error:
            failures.append(repr(error))

    threads = []
    for number in range(THREADS):
        tallies.append({"calls": 0, "timeouts": 0})
        arguments = (chance.randrange(10**6), tallies[-1])
        threads.append(threading.Thread(target=work, args=arguments, name=f"timed {number}"))
    for each in threads:
        each.start()
    released = given = 0
    limit, pause = time.monotonic() + seconds, threading.Event()
    while time.monotonic() < limit and not failures:
        pause.wait(chance.random() * 5e-4)
        count = chance.randrange(1, 4)
        semaphore.release(count)
        released += count
        with condition:
            tokens += count
            given += count
            condition.notify(chance.choice([count, 9]))
        event.set()
        if chance.random() < 0.7:
            event.clear()
    stop.set()
    event.set()
    joined(threads)
    assert not failures, failures[0]

    left = 0
    while semaphore.acquire(False):
        left += 1
    taken = sum(tally.get("permits", 0) for tally in tallies)
    assert released == taken + left, f"{released} released, {taken} taken, {left} left"
    taken = sum(tally.get("tokens", 0) for tally in tallies)
    assert given == taken + tokens, f"{given} given, {taken} taken, {tokens} left"
    assert [bounded.acquire(False) for _ in range(3)] == [True, True, False]
    assert lock.acquire(False) and repr(condition).endswith(", 0)>")
    for name in ("calls", "timeouts", "permits", "tokens", "events", "locks", "bounds"):
        ledger.add(name, sum(tally.get(name, 0) for tally in tallies))
    return ledger


if __name__ == "__main__":
    main(torture)
