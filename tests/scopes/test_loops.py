"""trio and anyio beside raddle: their threads, their cancellation, and `raddle.to_thread()`."""

import asyncio
import subprocess
import sys
import types

import pytest
import raddle
from programs import RADDLE

pytestmark = pytest.mark.raddle_only
anyio = pytest.importorskip("anyio")
trio = pytest.importorskip("trio")
BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])


@BACKENDS
def test_it_returns_and_raises_what_the_call_does(backend):
    async def main():
        assert await raddle.to_thread(pow, 2, 10) == 1024
        with pytest.raises(ZeroDivisionError):
            await raddle.to_thread(lambda: 1 // 0)

    anyio.run(main, backend=backend)


@BACKENDS
def test_a_cancelled_scope_ends_the_thread_first(threading, backend):
    log = []

    def work(begun):
        begun()
        try:
            with raddle.Group() as group:
                group.start(threading.Event().wait)
        finally:
            log.append("tidied")

    async def main():
        begun = threading.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(raddle.to_thread, work, begun.set)
            await anyio.to_thread.run_sync(begun.wait)
            group.cancel_scope.cancel()
        assert log == ["tidied"], "the thread has ended"

    anyio.run(main, backend=backend)


@BACKENDS
def test_a_deadline_of_theirs_ends_a_thread_that_computes(backend):
    def compute():
        while True:
            pass

    async def main():
        with anyio.move_on_after(0.01) as scope:
            await raddle.to_thread(compute)
        assert scope.cancelled_caught

    anyio.run(main, backend=backend)


@BACKENDS
def test_a_scope_that_has_ended_before_ends_it(backend):
    async def main():
        with anyio.CancelScope() as scope:
            scope.cancel()
            await raddle.to_thread(raddle.sleep, 60)
        assert scope.cancelled_caught

    anyio.run(main, backend=backend)


@BACKENDS
def test_a_deadline_holds_in_their_threads(threading, backend):
    def work():
        with raddle.deadline(0.01):
            threading.Event().wait()

    async def main():
        with pytest.raises(TimeoutError, match="waited for an event"):
            await anyio.to_thread.run_sync(work)

    anyio.run(main, backend=backend)


PROGRAM = """
import threading, queue
import anyio, raddle

def work(jobs):
    anyio.from_thread.check_cancelled()
    with raddle.Group() as group:
        tasks = [group.start(jobs.get) for _ in range(3)]
        for number in range(3):
            anyio.from_thread.run_sync(jobs.put, number)
    return sum(task.result() for task in tasks)

async def main():
    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(one)

async def one():
    assert await anyio.to_thread.run_sync(work, queue.Queue()) == 3
    with anyio.move_on_after(0.01) as scope:
        await anyio.to_thread.run_sync(threading.Event().wait, 1, abandon_on_cancel=True)
    assert scope.cancelled_caught

anyio.run(main, backend="BACKEND")
print("well", flush=True)
"""


@BACKENDS
def test_unmodified_programs_use_their_threads_on_raddle(backend):
    program = PROGRAM.replace("BACKEND", backend)
    done = subprocess.run(
        [*RADDLE, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "well\n", "")


INTERRUPTED = """
import signal, trio, raddle
from raddle import threading

def work():
    try:
        signal.raise_signal(signal.SIGINT)
        threading.Event().wait()
    finally:
        print("tidied", flush=True)

try:
    trio.run(raddle.to_thread, work)
except BaseException as error:
    while isinstance(error, BaseExceptionGroup):
        [error] = error.exceptions
    print(type(error).__name__, flush=True)
"""


def test_ctrl_c_in_trio_ends_the_thread_first():
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("tidied\nKeyboardInterrupt\n", "")


@BACKENDS
def test_a_loop_of_its_own_may_run_in_the_thread(backend):
    async def inner():
        await anyio.sleep(0)
        return 7

    async def main():
        return await raddle.to_thread(anyio.run, inner, backend=backend)

    assert anyio.run(main, backend=backend) == 7


def test_a_loop_whose_package_is_just_imported_elsewhere_is_not_asked(monkeypatch):
    for name in ("trio", "anyio"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    assert asyncio.run(raddle.to_thread(abs, -7)) == 7
