"""Threads for coroutines: one that ends when the task that awaits it is cancelled."""

import contextlib
import contextvars
import itertools
import sys

from raddle import _raddle, threading
from raddle._futures.task import Task

_number = itertools.count(1)


async def to_thread(fn, /, *args, **kwargs):
    """Call fn(*args, **kwargs) in a thread of its own, and return what it returns.

    If the task that awaits it is cancelled, so are the waits of the thread, which raise
    `raddle.Cancelled`, and what it computes; the cancellation comes out once the thread has
    ended. (With asyncio, a second one comes out at once.) The call runs in a copy of the
    caller's context. The task is asyncio's, trio's, or anyio's on either. Raises what the call
    raises, and RuntimeError without a running loop. Counterparts: asyncio.to_thread(), which
    leaves the thread running, and trio.to_thread.run_sync(), which waits for it.
    """
    if not callable(fn):
        raise TypeError(f"to_thread() calls what can be called, not {fn!r}")
    loop = _loop()
    await loop.checkpoint()
    called = getattr(fn, "__name__", None) or type(fn).__name__
    name = f"{called}-{next(_number)} (to_thread)"
    task = Task((fn, args, kwargs), name, _raddle.Scope(), _context(), lambda _: None)
    task.add_done_callback(lambda _: loop.tell())
    try:
        threading.Thread(target=task._run, name=name).start()
        await loop.wait()
        if task.cancelled():
            raise loop.ended(f"{name} was cancelled")
        return task.result()
    except BaseException as error:
        # (GeneratorExit: nobody awaits this any more.)
        if not task.done():
            task.cancel()
            if isinstance(error, (loop.cancelled, KeyboardInterrupt)):
                await loop.wait_anyhow()
                if isinstance(task._error, Exception):
                    raise task._error from error  # It has failed on the way out.
        raise
    finally:
        del task  # Its error has this frame.


def _context():
    """Return a copy of the context, in which no loop is said to run: the thread has none."""
    context = contextvars.copy_context()
    running = getattr(sys.modules.get("sniffio"), "current_async_library_cvar", None)
    if running is not None:
        context.run(running.set, None)
    return context


def _loop():
    """Return what wakes the calling coroutine once a thread has ended."""
    trio = sys.modules.get("trio")
    if trio is not None:
        try:
            trio.lowlevel.current_task()
        except (RuntimeError, AttributeError):
            pass  # It is in use, but not here; or another thread is just importing it.
        else:
            return _Trio(trio)
    return _Asyncio()


class _Asyncio:
    def __init__(self):
        import asyncio

        self.cancelled = self.ended = asyncio.CancelledError
        self._shield = asyncio.shield
        self._loop = asyncio.get_running_loop()
        self._told = self._loop.create_future()

    async def checkpoint(self):
        pass

    def tell(self):
        """Have the coroutine know that the thread has ended, if it is still there."""
        with contextlib.suppress(RuntimeError):  # The loop is closed: nobody waits.
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self):
        if not self._told.done():
            self._told.set_result(None)

    async def wait(self):
        await self._shield(self._told)

    async def wait_anyhow(self):
        """Wait, though the task was cancelled; a scope of anyio's cancels again and again."""
        shield = getattr(sys.modules.get("anyio"), "CancelScope", None)
        with contextlib.nullcontext() if shield is None else shield(shield=True):
            if not self._told.done():
                await self._told


class _Trio:
    def __init__(self, trio):
        from concurrent.futures import CancelledError

        self.cancelled, self.ended = trio.Cancelled, CancelledError
        self._trio, self._told = trio, trio.Event()
        self._token = trio.lowlevel.current_trio_token()

    async def checkpoint(self):
        await self._trio.lowlevel.checkpoint_if_cancelled()

    def tell(self):
        """Have the coroutine know that the thread has ended, if it is still there."""
        with contextlib.suppress(self._trio.RunFinishedError):
            self._token.run_sync_soon(self._told.set)

    async def wait(self):
        await self._told.wait()

    async def wait_anyhow(self):
        """Wait, though the task was cancelled."""
        with self._trio.CancelScope(shield=True):
            await self._told.wait()
