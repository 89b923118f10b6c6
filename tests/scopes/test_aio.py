"""to_thread(): a thread that ends with the task that awaits it."""

import asyncio
import contextvars

import pytest
import raddle

pytestmark = pytest.mark.raddle_only
wanted = contextvars.ContextVar("wanted", default="nobody")


def test_it_returns_and_raises_what_the_call_does(threading):
    async def main():
        wanted.set("alice")
        assert await raddle.to_thread(pow, 2, 10) == 1024
        assert await raddle.to_thread(dict, one=1) == {"one": 1}
        assert await raddle.to_thread(wanted.get) == "alice"
        with pytest.raises(ZeroDivisionError):
            await raddle.to_thread(lambda: 1 // 0)
        with pytest.raises(TypeError, match="what can be called"):
            await raddle.to_thread(7)
        return await raddle.to_thread(lambda: threading.current_thread().name)

    assert asyncio.run(main()).startswith("<lambda>-")


def test_a_cancelled_task_ends_its_thread_first(threading):
    log = []

    def work(begun, loop):
        try:
            loop.call_soon_threadsafe(begun.set)
            threading.Event().wait()
        finally:
            log.append("tidied")

    async def main():
        begun = asyncio.Event()
        task = asyncio.create_task(raddle.to_thread(work, begun, asyncio.get_running_loop()))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert log == ["tidied"], "the thread has ended"

    asyncio.run(main())


def test_a_timeout_ends_a_thread_that_computes():
    def compute():
        while True:
            pass

    async def main():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(raddle.to_thread(compute), 0.01)

    asyncio.run(main())


def test_a_group_in_the_thread_ends_with_it(threading):
    tasks = []

    def work(begun, loop):
        with raddle.Group() as group:
            tasks.append(group.start(threading.Event().wait))
            loop.call_soon_threadsafe(begun.set)

    async def main():
        begun = asyncio.Event()
        task = asyncio.create_task(raddle.to_thread(work, begun, asyncio.get_running_loop()))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert tasks[0].cancelled()


def test_a_second_cancellation_does_not_wait(threading):
    go, ended = threading.Event(), threading.Event()

    def stubborn(begun, loop):
        with raddle.shield():
            loop.call_soon_threadsafe(begun.set)
            go.wait()
        ended.set()

    async def main():
        begun = asyncio.Event()
        task = asyncio.create_task(
            raddle.to_thread(stubborn, begun, asyncio.get_running_loop())
        )
        await begun.wait()
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not ended.is_set()
        go.set()

    asyncio.run(main())
    assert ended.wait(60)


def test_many_at_once(threading):
    async def main():
        return await asyncio.gather(*(raddle.to_thread(abs, -n) for n in range(50)))

    assert asyncio.run(main()) == list(range(50))


def test_a_coroutine_that_is_closed_ends_its_thread(threading):
    begun, ended = threading.Event(), threading.Event()

    def work():
        try:
            begun.set()
            threading.Event().wait()
        finally:
            ended.set()

    async def main():
        waits = raddle.to_thread(work)
        waits.send(None)
        await asyncio.to_thread(begun.wait)
        waits.close()
        await asyncio.to_thread(ended.wait)

    asyncio.run(main())
    assert ended.is_set()


def test_an_error_on_the_way_out_is_not_lost(threading):
    begun = threading.Event()

    def work():
        try:
            begun.set()
            threading.Event().wait()
        finally:
            raise ValueError("in tidying")

    async def main():
        task = asyncio.create_task(raddle.to_thread(work))
        await asyncio.to_thread(begun.wait)
        task.cancel()
        await task

    with pytest.raises(ValueError, match="in tidying"):
        asyncio.run(main())
