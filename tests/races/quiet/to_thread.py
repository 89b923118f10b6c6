"""Coroutines change objects before and after they were worked on in threads."""

import asyncio


class Page:
    def __init__(self, url):
        self.url = url
        self.size = 0
        self.visits = []


def load(page):
    page.size += len(page.url)
    page.visits.append("thread")
    return page


async def visit(page):
    page.size = 10
    page.visits.append("loop")
    await asyncio.to_thread(load, page)
    page.size += 1
    page.visits.append("loop")
    loop = asyncio.get_running_loop()
    again = await loop.run_in_executor(None, load, page)
    again.size += 1


async def main():
    pages = [Page("/a"), Page("/bb"), Page("/ccc")]
    await asyncio.gather(*(visit(page) for page in pages))
    for page in pages:
        print(page.size, page.visits)


asyncio.run(main())
print("end")
