"""Mistakes of SCTBench (Thomson, Donaldson and Betts, 2014), programs in C, rebuilt.

Left out are those that fail under each schedule: arithmetic_prog, sync01 and sync02, phase01,
fsbench and the philosophers (which fail once all have eaten).
"""

from .shared import Atomic, Guarded, bug, threading


@bug
def account():
    """SCTBench account_bad: what is checked once both have used an account was never so."""
    lock, done, balance = threading.Lock(), [], [1]

    def check():
        with lock:
            if len(done) == 2:
                assert balance[0] == 1 - 2 - 4

    def deposit():
        with lock:
            balance[0] += 2
            done.append("deposit")

    def withdraw():
        with lock:
            balance[0] -= 4
            done.append("withdraw")

    yield check, deposit, withdraw


@bug
def bluetooth_driver():
    """SCTBench bluetooth_driver_bad: a driver is stopped before its new user is counted."""
    users, stopping, stopped = Atomic(1), Guarded(False), Guarded(False)

    def work():
        if not stopping.get():
            users.add(1)
            assert not stopped.get(), "used after the stop"
        users.add(-1)

    def stop():
        stopping.set(True)
        if users.add(-1) == 0:
            stopped.set(True)

    yield work, stop


@bug
def carter01():
    """SCTBench carter01_bad: the first of a kind waits for the other kind, and has the lock."""
    counts, shared = threading.Lock(), threading.Semaphore(1)

    def kind():
        users = 0

        def use():
            nonlocal users
            with counts:
                users += 1
                if users == 1:
                    shared.acquire()
            with counts:
                users -= 1
                if users == 0:
                    shared.release()

        return use

    yield kind(), kind()


@bug
def circular_buffer():
    """SCTBench circular_buffer_bad: a reader counts its turns, not what it has read."""
    lock, buffer = threading.Lock(), []
    sends, first = [True], [0]

    def send():
        for number in range(7):
            with lock:
                if sends[0]:
                    buffer.append(number)
                    sends[0] = False

    def receive():
        for number in range(7):
            with lock:
                if not sends[0]:
                    assert buffer[first[0]] == number
                    first[0] += 1
                    sends[0] = True

    yield send, receive


@bug
def deadlock01():
    """SCTBench deadlock01_bad: two locks are taken in two orders."""
    one, other = threading.Lock(), threading.Lock()

    def up():
        with one, other:
            pass

    def down():
        with other, one:
            pass

    yield up, down


@bug
def lazy01():
    """SCTBench lazy01_bad: it is not expected that both of the others were there first."""
    lock, data = threading.Lock(), [0]

    def look():
        with lock:
            assert data[0] < 3

    def add(amount):
        with lock:
            data[0] += amount

    def one():
        add(1)

    def two():
        add(2)

    yield look, one, two


@bug
def queue_bad():
    """SCTBench queue_bad: the reader counts its own turns, and compares what was stored."""
    lock, waiting, stored = threading.Lock(), [], [None] * 20
    may_put = [True]

    def put():
        value = 0
        with lock:
            waiting.append(value)
            stored[0] = value
        for turn in range(1, 20):
            with lock:
                if may_put[0]:
                    value += 1
                    waiting.append(value)
                    stored[turn] = value
                    may_put[0] = False

    def get():
        for turn in range(20):
            with lock:
                if not may_put[0]:
                    assert waiting.pop(0) == stored[turn]
                    may_put[0] = True

    yield put, get


def _reorder(setters, checkers):
    """Threads that set two values one by one, and threads that look at both."""
    one, other = Guarded(0), Guarded(0)

    def put():
        one.set(1)
        other.set(-1)

    def check():
        both = one.get(), other.get()
        assert both in ((0, 0), (1, -1))

    yield (*[put] * setters, *[check] * checkers)


@bug
def reorder_3():
    """SCTBench reorder_3_bad: a look between two writes; two write."""
    yield from _reorder(2, 1)


@bug
def reorder_4():
    """SCTBench reorder_4_bad: the same; three write."""
    yield from _reorder(3, 1)


@bug
def reorder_5():
    """SCTBench reorder_5_bad: the same; four write."""
    yield from _reorder(4, 1)


@bug
def reorder_10():
    """SCTBench reorder_10_bad: the same; nine write."""
    yield from _reorder(9, 1)


@bug
def reorder_20():
    """SCTBench reorder_20_bad: the same; ten write, and ten look."""
    yield from _reorder(10, 10)


@bug
def stack():
    """SCTBench stack_bad: a flag says that something was pushed once, and is never cleared."""
    lock, items, pushed = threading.Lock(), [], [False]

    def push():
        for number in range(10):
            with lock:
                items.append(number)
                pushed[0] = True

    def pop():
        for _ in range(10):
            with lock:
                if pushed[0]:
                    items.pop()

    yield push, pop


@bug
def token_ring():
    """SCTBench token_ring_bad: three copy from their neighbours, in any order."""
    lock, done, values = threading.Lock(), set(), [1, 2, 1]

    def check():
        with lock:
            if len(done) == 3:
                assert len(set(values)) == 1, values

    def first():
        with lock:
            values[0] = (values[2] + 1) % 4
            done.add(0)

    def second():
        with lock:
            values[1] = values[0]
            done.add(1)

    def third():
        with lock:
            values[2] = values[1]
            done.add(2)

    yield check, first, second, third


def _two_stage(writers):
    """Threads that set a value and then, under another lock, one that follows from it."""
    locks, values = [threading.Lock(), threading.Lock()], [0, 0]

    def put():
        with locks[0]:
            values[0] = 1
        with locks[1]:
            values[1] = values[0] + 1

    def check():
        with locks[0]:
            seen = values[0]
        if seen:
            with locks[1]:
                assert values[1] == seen + 1

    yield (*[put] * writers, check)


@bug
def twostage():
    """SCTBench twostage_bad: a look between the two stages of a write."""
    yield from _two_stage(1)


@bug
def twostage_100():
    """SCTBench twostage_100_bad: the same; ninety-nine write."""
    yield from _two_stage(99)


def _wrong_lock(others):
    """A thread that counts under one lock, and threads that do so under another one."""
    value, right, wrong = Guarded(0), threading.Lock(), threading.Lock()

    def check():
        with right:
            seen = value.get()
            value.set(value.get() + 1)
            assert value.get() == seen + 1

    def add():
        with wrong:
            value.set(value.get() + 1)

    yield (check, *[add] * others)


@bug
def wronglock():
    """SCTBench wronglock_bad: a value is guarded by two locks; seven have the wrong one."""
    yield from _wrong_lock(7)


@bug
def wronglock_3():
    """SCTBench wronglock_3_bad: the same; three have the wrong one."""
    yield from _wrong_lock(3)
