"""The main thread waits for a coroutine that an event loop runs in another thread."""

import asyncio
import threading

loop = asyncio.new_event_loop()
runner = threading.Thread(target=loop.run_forever)
runner.start()


async def answer():
    await asyncio.sleep(2.5)
    return "end"


print(asyncio.run_coroutine_threadsafe(answer(), loop).result())
loop.call_soon_threadsafe(loop.stop)
runner.join()
loop.close()
