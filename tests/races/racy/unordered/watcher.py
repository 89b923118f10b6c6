"""A coroutine shows what a thread has found so far, without waiting for it."""

# race: unordered Scan.found

import asyncio
import threading


class Scan:
    def __init__(self):
        self.began = threading.Event()
        self.found = "nothing"

    def run(self):
        self.began.set()
        self.found = "a file"  # racing


async def main():
    scan = Scan()
    running = asyncio.get_running_loop().run_in_executor(None, scan.run)
    scan.began.wait()
    text = f"found {scan.found}"  # racing
    await running
    print(text in ("found nothing", "found a file"))


asyncio.run(main())
print("end")
