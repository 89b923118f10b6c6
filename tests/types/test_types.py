"""Typed programs: what raddle makes can be handed to libraries that ask for the stdlib's.

Each program is held against both checkers: a line that ends in `# wrong` has to be an error,
and no other line may be one.
"""

import re
import subprocess
import sys

import pytest
from test_stubs import run

pytestmark = pytest.mark.raddle_only

LIBRARY = """
import concurrent.futures
import queue
import threading


def told(event: threading.Event, timeout: float) -> bool:
    return event.wait(timeout)


def locks(
    lock: threading.Lock,
    rlock: threading.RLock,
    condition: threading.Condition,
    semaphore: threading.Semaphore,
    bounded: threading.BoundedSemaphore,
) -> None: ...
def threads(
    thread: threading.Thread, timer: threading.Timer, barrier: threading.Barrier
) -> None: ...
def queues(
    fifo: queue.Queue[int],
    lifo: queue.LifoQueue[int],
    heap: queue.PriorityQueue[int],
    simple: queue.SimpleQueue[int],
) -> None: ...
def pools(
    executor: concurrent.futures.Executor,
    threads: concurrent.futures.ThreadPoolExecutor,
    future: concurrent.futures.Future[int],
) -> None: ...
"""

HANDED = """
import asyncio
import concurrent.futures as stdfutures
import logging.handlers
import queue as stdqueue
import threading as stdlib

import library
from raddle import futures, queue, threading

event: stdlib.Event = threading.Event()
lock: stdlib.Lock = threading.Lock()
rlock: stdlib.RLock = threading.RLock()
condition: stdlib.Condition = threading.Condition()
semaphore: stdlib.Semaphore = threading.Semaphore(2)
bounded: stdlib.BoundedSemaphore = threading.BoundedSemaphore()
plain: stdlib.Semaphore = threading.BoundedSemaphore()
barrier: stdlib.Barrier = threading.Barrier(2)
thread: stdlib.Thread = threading.Thread(target=print, args=(1,))
timer: stdlib.Timer = threading.Timer(1.0, print)
fifo: stdqueue.Queue[int] = queue.Queue()
lifo: stdqueue.LifoQueue[int] = queue.LifoQueue()
heap: stdqueue.PriorityQueue[int] = queue.PriorityQueue()
simple: stdqueue.SimpleQueue[int] = queue.SimpleQueue()
future: stdfutures.Future[int] = futures.Future()
executor: stdfutures.Executor = futures.ThreadPoolExecutor()
pool: stdfutures.ThreadPoolExecutor = futures.ThreadPoolExecutor()

library.told(threading.Event(name="ready"), 1.0)
library.locks(
    threading.Lock(name="jobs"),
    threading.RLock(name="jobs"),
    threading.Condition(name="jobs"),
    threading.Semaphore(name="jobs"),
    threading.BoundedSemaphore(name="jobs"),
)
library.threads(threading.Thread(), timer, threading.Barrier(2, name="all"))
library.threads(thread, threading.Timer(1.0, print), barrier)
library.queues(
    queue.Queue(3, name="jobs"),
    queue.LifoQueue(3, name="jobs"),
    queue.PriorityQueue(3, name="jobs"),
    queue.SimpleQueue(name="jobs"),
)
library.pools(futures.ThreadPoolExecutor(), futures.ThreadPoolExecutor(), futures.Future())
listener = logging.handlers.QueueListener(queue.Queue[logging.LogRecord]())
stdlib.Condition(threading.Lock()), stdlib.Condition(threading.RLock())
threading.Condition(stdlib.Lock()), threading.Condition(stdlib.RLock())
asyncio.new_event_loop().set_default_executor(futures.ThreadPoolExecutor())

ours: threading.Event = stdlib.Event()  # wrong
named = stdlib.Lock(name="jobs")  # wrong
library.told(threading.Lock(), 1.0)  # wrong
library.queues(queue.Queue[str](), lifo, heap, simple)  # wrong
"""

REVEALED = """
from typing import assert_type

import raddle
from raddle import futures, queue, threading


def half(number: int) -> float:
    return number / 2


assert_type(threading.Lock(name="jobs"), threading.Lock)
assert_type(threading.Event().wait(1.0), bool)
assert_type(queue.Queue[int]().get(timeout=1.0), int)
with threading.Lock() as taken, threading.RLock() as again, threading.Condition() as held:
    assert_type(taken, bool)
    assert_type(again, bool)
    assert_type(held, bool)
with futures.ThreadPoolExecutor(2) as executor:
    assert_type(executor.submit(half, 1), futures.Future[float])
    assert_type(executor.submit(half, number=1).result(), float)
    assert_type(list(executor.map(half, [1])), list[float])
with raddle.Pool(2, "threads") as pool:
    assert_type(pool.submit(half, 1).result(timeout=1.0), float)
    assert_type(list(pool.map(half, [1])), list[float])
    assert_type(list(pool.imap_unordered(half, [1], on_error="collect")), list[float])
    assert_type(list(pool.starmap(half, [(1,)])), list[float])
    assert_type(list(pool.map(half, [1], on_error="return")), list[float | BaseException])
    pool.map(half, ["a"])  # wrong
assert_type(list(raddle.map(half, [1])), list[float])
assert_type(next(raddle.map(half, [1], backend="processes")), float)
assert_type(next(raddle.map(half, [1], backend="cores")), float)
assert_type(raddle.cores() + 1, int)
assert_type(raddle.cores().quota, float | None)
raddle.configure(on_deadlock="raise", lock_order=True, known_orders=["vendor/*"], profile=False)
raddle.configure(on_deadlock=print)

raddle.configure(on_deadlock="rais")  # wrong
raddle.configure(lock_orders=True)  # wrong
raddle.map(half, [1], backend="procs")  # wrong
raddle.map(half, [1], backend=5)  # wrong
raddle.map(half, [1], on_error="skip")  # wrong
raddle.Pool(2, "thread")  # wrong
"""


def mypy(folder, program):
    pytest.importorskip("mypy", reason="types are checked where mypy is installed")
    return run("mypy", "--strict", "--no-incremental", program, folder=folder)


def pyright(folder, program):
    pytest.importorskip("pyright", reason="types are checked where pyright is installed")
    # It is a program for Node, which it fetches when it is first called.
    try:
        if run("pyright", "--version", folder=folder).returncode:
            pytest.skip("pyright cannot be started here")
    except subprocess.TimeoutExpired:
        pytest.skip("pyright cannot be fetched here")
    return run("pyright", "--pythonpath", sys.executable, program, folder=folder)


@pytest.mark.parametrize("checker", [mypy, pyright])
@pytest.mark.parametrize("source", [HANDED, REVEALED], ids=["handed", "revealed"])
def test_wrong_lines_are_errors_and_no_others(checker, source, tmp_path):
    (tmp_path / "library.py").write_text(LIBRARY)
    (tmp_path / "program.py").write_text(source)
    done = checker(tmp_path, "program.py")
    wrong = {n for n, line in enumerate(source.splitlines(), 1) if line.endswith("# wrong")}
    found = {int(n) for n in re.findall(r"program\.py:(\d+):.*\berror:? ", done.stdout)}
    assert found == wrong, done.stdout + done.stderr
