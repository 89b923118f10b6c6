"""A thread tells an event loop that it is done, and stores what it has found only then."""

# race: unordered Search.found

import asyncio
import threading


class Search:
    def __init__(self):
        self.found = "nothing"

    def run(self, loop, done):
        loop.call_soon_threadsafe(done.set_result, True)
        self.found = "a file"  # racing


async def main():
    loop, search = asyncio.get_running_loop(), Search()
    done = loop.create_future()
    thread = threading.Thread(target=search.run, args=(loop, done))
    thread.start()
    await done
    text = f"found {search.found}"  # racing
    thread.join()
    print(text in ("found nothing", "found a file"))


asyncio.run(main())
print("end")
