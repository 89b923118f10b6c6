"""Threads for coroutines: one that ends when the task that awaits it is cancelled."""

import contextvars
import itertools

from raddle import _raddle, threading
from raddle._futures.task import Task

_number = itertools.count(1)


async def to_thread(fn, /, *args, **kwargs):
    """Call fn(*args, **kwargs) in a thread of its own, and return what it returns.

    If the task that awaits it is cancelled, so are the waits of the thread, which raise
    `raddle.Cancelled`, and what it computes; the cancellation comes out once the thread has
    ended. (A second one comes out at once.) The call runs in a copy of the caller's context.
    Raises what the call raises, and RuntimeError without a running loop. Counterpart:
    asyncio.to_thread(), which leaves the thread running.
    """
    import asyncio

    if not callable(fn):
        raise TypeError(f"to_thread() calls what can be called, not {fn!r}")
    loop = asyncio.get_running_loop()
    called = getattr(fn, "__name__", None) or type(fn).__name__
    name = f"{called}-{next(_number)} (to_thread)"
    context = contextvars.copy_context()
    ended = loop.create_future()
    task = Task((fn, args, kwargs), name, _raddle.Scope(), context, lambda _: None)
    task.add_done_callback(lambda _: _tell(loop, ended))
    threading.Thread(target=task._run, name=name).start()
    try:
        await asyncio.shield(ended)
    except asyncio.CancelledError:
        task.cancel()
        if not ended.done():
            await ended
        raise
    if task.cancelled():
        raise asyncio.CancelledError(f"{name} was cancelled")
    return task.result()


def _tell(loop, ended):
    """Have a loop know that a thread has ended, if there still is one."""
    try:
        loop.call_soon_threadsafe(lambda: ended.done() or ended.set_result(None))
    except RuntimeError:
        return  # It is closed: nobody waits.
