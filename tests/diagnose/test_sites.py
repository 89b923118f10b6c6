"""Where a lock was taken: the line of the program's innermost frame, whatever called it."""

import pytest

pytestmark = pytest.mark.raddle_only

CODE = """\
def plainly(lock):
    lock.acquire()
    lock.release()

def deeply(lock, depth):
    if depth:
        return deeply(lock, depth - 1)
    lock.acquire()
    lock.release()

def lazily(lock, n):
    for _ in range(n):
        lock.acquire()
        yield
        lock.release()

def called(lock, n):
    list(map(lock.acquire, [True, True][:1]))
    lock.release()

def listed(lock, n):
    return [(lock.acquire(), lock.release()) for _ in range(n)]

def inside(condition, n):
    for _ in range(n):
        condition.acquire()
        condition.notify_all()
        condition.release()

class Finalized:
    def __init__(self, lock):
        self.lock = lock

    def __del__(self):
        self.lock.acquire()
        self.lock.release()
"""


@pytest.fixture
def code(tmp_path):
    """The program's functions, by name."""
    program = {"__name__": "program"}
    exec(compile(CODE, str(tmp_path / "code.py"), "exec"), program)
    return program


def line(text):
    """Return the number of the line with that text, the first one."""
    return next(n for n, each in enumerate(CODE.splitlines(), 1) if text in each)


@pytest.fixture
def taken(threading):
    """Count for the length of a test; return a function that says where a lock was taken."""
    import raddle

    raddle.configure(profile=True)

    def places(lock):
        [row] = [row for row in raddle.stats() if row["name"] == lock._raddle_name]
        holds = row["holding"]
        return {int(each["at"].rpartition(":")[2]): each["count"] for each in holds}

    yield places
    raddle.configure(profile=False)


ROUNDS = 7


def drain(each):
    for _ in each:
        pass


@pytest.mark.parametrize(
    ("run", "at", "count"),
    [
        (lambda code, lock: code["plainly"](lock), "lock.acquire()", 1),
        (lambda code, lock: code["deeply"](lock, 5), "deeply(lock, depth - 1)", 1),
        (lambda code, lock: drain(code["lazily"](lock, 3)), "for _ in range(n):", 3),
        (lambda code, lock: code["called"](lock, 1), "map(lock.acquire", 1),
        (lambda code, lock: code["listed"](lock, 4), "lock.acquire(), lock.release()", 4),
        (lambda code, lock: code["Finalized"](lock), "def __del__", 1),
    ],
    ids=["call", "recursion", "generator", "builtin", "comprehension", "finalizer"],
)
def test_a_lock_is_taken_where_the_innermost_frame_is(threading, taken, code, run, at, count):
    lock = threading.Lock(name=f"taken: {at}")
    for _ in range(ROUNDS):
        run(code, lock)
    below = {"deeply(lock, depth - 1)", "for _ in range(n):", "def __del__"}
    assert taken(lock) == {line(at) + (at in below): ROUNDS * count}


def test_what_raddle_calls_for_the_program_is_where_the_program_is(threading, taken, code):
    lock = threading.Lock(name="below a condition")
    code["inside"](threading.Condition(lock), 5)
    assert taken(lock) == {line("condition.acquire()"): 5}


def test_two_threads_at_two_lines_are_told_apart(threading, taken, code, spawn):
    lock = threading.Lock(name="of two threads")
    runs = [
        spawn(lambda: [code["plainly"](lock) for _ in range(100)]),
        spawn(lambda: [code["deeply"](lock, 2) for _ in range(100)]),
    ]
    for run in runs:
        run.result()
    places = {line("lock.acquire()"): 100, line("deeply(lock, depth - 1)") + 1: 100}
    assert taken(lock) == places
