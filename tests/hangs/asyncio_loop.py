"""An event loop waits for a lock, whose holder waits for the loop."""

import asyncio
import threading

lock = threading.Lock()
taken = threading.Event()


async def answer():
    return 42


def ask(loop):
    with lock:
        taken.set()
        return asyncio.run_coroutine_threadsafe(answer(), loop).result()


async def main():
    loop = asyncio.get_running_loop()
    asking = asyncio.create_task(asyncio.to_thread(ask, loop))
    await asyncio.sleep(0)
    taken.wait()
    with lock:
        print("never")
    await asking


asyncio.run(main())
