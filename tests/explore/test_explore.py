"""explore(): the schedule under which a function fails is found, told, and comes again."""

import asyncio
import os
import re
import select
import sys
import time

import pytest
import raddle
from raddle import queue, threading

pytestmark = pytest.mark.raddle_only


class Account:
    def __init__(self):
        self.lock, self.balance = threading.Lock(), 0

    def deposit(self, amount):
        with self.lock:
            balance = self.balance
        with self.lock:
            self.balance = balance + amount


def deposits():
    account = Account()
    threads = [threading.Thread(target=account.deposit, args=[5], name=n) for n in ("a", "b")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert account.balance == 10


def found(fn, **options):
    """Return the error that exploring `fn` ends with, and the token in its notes."""
    with pytest.raises(Exception) as caught:
        raddle.explore(fn, **options)
    notes = "\n".join(caught.value.__notes__)
    return caught.value, re.search(r"replay\('([^']*)'", notes)[1]


@pytest.mark.parametrize("strategy", ["mix", "random", "depth", "all"])
def test_a_lost_update_is_found_and_comes_again(strategy):
    error, schedule = found(deposits, strategy=strategy, seed=1)
    assert type(error) is AssertionError
    for _ in range(20):
        with pytest.raises(AssertionError):
            raddle.replay(schedule, deposits)


def test_a_failure_is_told_step_by_step():
    error, _ = found(deposits, seed=1)
    told = error.__notes__[-1]
    assert "with 1 preemption:" in told
    rows = [line.split() for line in told.splitlines()]
    assert ["MainThread", "a", "b"] in rows
    assert told.count("lock.__enter__") == 4
    assert len(re.findall(r"test_explore.py:\d+  with self.lock:", told)) == 2


def test_threads_of_one_name_have_a_column_each():
    def twice():
        account = Account()

        def add():
            account.deposit(5)

        threads = [threading.Thread(target=add, name="add") for _ in range(2)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert account.balance == 10

    error, _ = found(twice, seed=1)
    rows = [line.split("  ") for line in error.__notes__[-1].splitlines()]
    heads = [cell.strip() for cell in rows[2] if cell]
    assert heads == ["MainThread", "add", "add (2)"]


def test_what_cannot_fail_is_tried_under_all_schedules():
    def both():
        lock, total = threading.Lock(), [0]

        def add():
            with lock:
                total[0] += 1

        threads = [threading.Thread(target=add) for _ in range(2)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert total == [2]

    done = raddle.explore(both, strategy="all", runs=100_000)
    assert done.complete and done.runs > 20


def test_threads_that_wait_for_each_other_are_told_at_once():
    def cross():
        one, other = threading.Lock(), threading.Lock()

        def take(first, second):
            with first, second:
                pass

        threads = [
            threading.Thread(target=take, args=each) for each in ([one, other], [other, one])
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    error, schedule = found(cross)
    assert isinstance(error, raddle.DeadlockError)
    # It is told who waits for whom.
    assert "raddle: deadlock: 2 threads wait for each other" in error.__notes__[-1]
    assert re.search(r"waits for \w+ \(Lock.*\), held by Thread", error.__notes__[-1])
    with pytest.raises(raddle.DeadlockError):
        raddle.replay(schedule, cross)


def test_a_thread_that_nobody_wakes_is_told():
    def starve():
        items, asked = queue.Queue(), threading.Event()

        def put():
            if asked.is_set():
                items.put(1)

        threading.Thread(target=put).start()
        asked.set()
        items.get()

    error, _ = found(starve)
    told = error.__notes__[-1]
    assert "raddle: deadlock: MainThread waits, and no other thread is left" in told
    assert "MainThread waits for an item in items (Queue)" in told


def test_time_jumps_when_all_wait():
    def cascade():
        began = time.monotonic()
        event = threading.Event()
        threads = [threading.Thread(target=event.wait, args=[n]) for n in range(10, 61, 10)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert time.monotonic() - began == pytest.approx(60)
        time.sleep(3600)
        assert time.monotonic() - began == pytest.approx(3660)

    began = time.monotonic()
    raddle.explore(cascade, runs=50)
    assert time.monotonic() - began < 1830


def test_what_a_thread_raises_is_the_failure():
    def broken():
        items = queue.Queue()

        def work():
            if items.get() == 2:
                raise LookupError("2 came")

        thread = threading.Thread(target=work)
        thread.start()
        putters = [threading.Thread(target=items.put, args=[n]) for n in (1, 2)]
        for each in putters:
            each.start()

    error, _ = found(broken)
    assert type(error) is LookupError


def test_threads_that_are_left_end_with_the_run():
    def leave():
        threading.Thread(target=queue.Queue().get, daemon=True).start()

    before = set(threading.enumerate())
    raddle.explore(leave, runs=5)
    assert set(threading.enumerate()) == before


def test_nothing_is_replaced_afterwards():
    before = vars(type(threading.Lock()))["acquire"], time.sleep, time.monotonic
    raddle.explore(int, runs=2)
    assert (vars(type(threading.Lock()))["acquire"], time.sleep, time.monotonic) == before


@pytest.mark.parametrize(
    ("wrong", "options"),
    [
        (TypeError, {"fn": 3}),
        (ValueError, {"runs": 0}),
        (ValueError, {"runs": True}),
        (ValueError, {"seconds": 0}),
        (ValueError, {"strategy": "luck"}),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(wrong, options):
    fn = options.pop("fn", int)
    with pytest.raises(wrong):
        raddle.explore(fn, **options)


@pytest.mark.parametrize(
    "wrong", ["", "r2-1.1", "r1-x", "r1-1", "r1-1.0", "r1--1.1", f"r1-{10**20}.1", "r1-", None]
)
def test_what_is_no_token_is_refused(wrong):
    with pytest.raises(ValueError, match="is no schedule"):
        raddle.replay(wrong, int)


def test_a_thread_that_waits_for_something_else_is_outside():
    reader, writer = os.pipe()

    def read():
        threads = [threading.Thread(target=os.read, args=[reader, 1])]
        threads.append(threading.Thread(target=os.write, args=[writer, b"x"]))
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    try:
        assert raddle.explore(read, runs=3).runs == 3
    finally:
        os.close(reader)
        os.close(writer)


def test_one_exploration_at_a_time():
    gate, go = threading.Event(), threading.Event()

    def first():
        gate.set()
        while not go.is_set():
            time.sleep(0)

    thread = threading.Thread(target=raddle.explore, args=[first], kwargs={"runs": 1})
    thread.start()
    gate.wait()
    try:
        with pytest.raises(RuntimeError, match="explored already"):
            raddle.explore(int)
    finally:
        go.set()
        thread.join()


def test_explore_in_explore_is_refused():
    with pytest.raises(RuntimeError, match="explored already"):
        raddle.explore(lambda: raddle.explore(int))


def test_an_event_loop_keeps_the_system_s_time():
    assert raddle.explore(lambda: asyncio.run(asyncio.sleep(0.01)), runs=1).runs == 1


def test_sys_exit_in_a_thread_is_no_failure():
    def leave():
        thread = threading.Thread(target=sys.exit, args=[3])
        thread.start()
        thread.join()

    assert raddle.explore(leave, runs=2)


def test_a_schedule_of_something_else_is_told():
    with pytest.warns(RuntimeWarning, match="were not come to"):
        raddle.replay("r1-500.7", int)


async def coroutine():
    pass


@pytest.mark.parametrize("fn", [coroutine, lambda: (yield)])
def test_what_does_nothing_when_it_is_called_is_refused(fn):
    with pytest.raises(TypeError, match="when it is called"):
        raddle.explore(fn)


@pytest.mark.parametrize("seed", ["abc", 1.5, True])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(TypeError, match="seed is a whole number"):
        raddle.explore(int, seed=seed)
    assert raddle.explore(int, seed=-(10**40)).runs == 1


def test_calls_that_c_code_makes_are_points_too():
    import _thread

    def releases():
        lock = threading.Lock()
        lock.acquire()
        _thread.start_new_thread(lock.release, ())
        assert lock.acquire(timeout=60)

    raddle.explore(releases, runs=20, seed=1)


def test_a_thread_at_a_breakpoint_keeps_its_turn(monkeypatch):
    seen = []

    def at_the_prompt():
        seen.append("prompt")
        select.select([], [], [], 0.6)  # Longer than a thread may take to be outside.
        seen.append("goes on")

    monkeypatch.setattr(sys, "breakpointhook", at_the_prompt)

    def looks():
        lock = threading.Lock()

        def other():
            with lock:
                seen.append("other")

        thread = threading.Thread(target=other)
        thread.start()
        breakpoint()
        with lock:
            pass
        thread.join()

    raddle.replay("r1", looks)
    assert seen == ["prompt", "goes on", "other"]


def test_threads_that_take_no_turns_are_warned_of():
    import threading as stock

    if stock.Thread.start is threading.Thread.start:
        pytest.skip("raddle is installed")

    def starts():
        thread = stock.Thread(target=int)
        thread.start()
        thread.join()

    with pytest.warns(RuntimeWarning, match=r"takes no turns: only those of raddle.threading"):
        raddle.explore(starts, runs=1)
    thread = stock.Thread(target=int)
    thread.start()  # Without a word.
    thread.join()


def test_the_steps_are_those_that_led_to_the_failure():
    def counts():
        box, event, lock = [0], threading.Event(), threading.Lock()

        def poll():
            while True:
                event.wait(5)
                event.clear()

        def add():
            with lock:
                seen = box[0]
            with lock:
                box[0] = seen + 1

        threading.Thread(target=poll, daemon=True).start()
        threads = [threading.Thread(target=add) for _ in "ab"]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert box == [2]

    error, _ = found(counts, seed=1)
    told = error.__notes__[-1]
    assert told.count("lock.__enter__") == 4
    assert "steps before these" not in told


def test_the_seed_is_told_and_finds_the_same_schedule():
    error, schedule = found(deposits)
    seed = int(re.search(r"raddle: schedule \d+ of seed (\d+) fails", error.__notes__[-1])[1])
    assert found(deposits, seed=seed)[1] == schedule


def test_a_lock_that_a_run_leaves_held_is_told_in_the_next():
    lock = threading.Lock()

    def leaves():
        thread = threading.Thread(target=lambda: lock.acquire())
        thread.start()
        thread.join()

    error, _ = found(leaves, seed=1)
    assert isinstance(error, raddle.DeadlockError)
    told = error.__notes__[-1]
    assert "raddle: schedule 2 of seed 1 fails" in told
    # (The system may have given the next thread the identifier of the one that held it.)
    assert re.search(
        r"waits for lock.*, held by (a thread that is not there any more|Thread-)", told
    )
