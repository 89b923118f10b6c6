"""An event loop waits for a thread, that waits for the loop."""

import asyncio
import threading

go = threading.Event()


async def main():
    waiting = asyncio.create_task(asyncio.to_thread(go.wait))
    await asyncio.sleep(2.5)
    go.set()
    await waiting


asyncio.run(main())
print("end")
