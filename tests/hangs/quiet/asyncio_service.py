"""An event loop whose executor's workers wait for what the loop gives them later."""

import asyncio
import queue

jobs = queue.Queue()


async def main():
    loop = asyncio.get_running_loop()
    got = [loop.run_in_executor(None, jobs.get) for _ in range(3)]
    await asyncio.sleep(2.5)
    for job in ("e", "n", "d"):
        jobs.put(job)
    print("".join(sorted(await asyncio.gather(*got), key="end".index)))


asyncio.run(main())
