"""asyncio in several threads, loop.run_in_executor chains, wrap_future, sync from async, async
from sync."""

import asyncio
import concurrent.futures
import threading


class Sess:
    def __init__(self):
        self.n = 0
        self.log = []

    def use(self, k):
        self.n += k
        self.log.append(k)
        return self.n


async def flow(s, loop, pool):
    for k in range(3):
        await loop.run_in_executor(pool, s.use, k)
        s.use(10)
        await asyncio.wrap_future(pool.submit(s.use, 1))
        s.use(5)
        await asyncio.shield(asyncio.to_thread(s.use, 2))
        s.n += 1
        try:
            await asyncio.wait_for(asyncio.to_thread(s.use, 1), 10)
        finally:
            s.n += 1
    return s


async def main():
    loop = asyncio.get_running_loop()
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        r = await asyncio.gather(*(flow(Sess(), loop, pool) for _ in range(4)))
        for s in r:
            s.n += 1
        q, s = asyncio.Queue(), Sess()

        def produce():
            for k in range(5):
                s.use(k)
                asyncio.run_coroutine_threadsafe(q.put(k), loop).result()
            loop.call_soon_threadsafe(q.put_nowait, None)

        f = loop.run_in_executor(pool, produce)
        n = 0
        while (k := await q.get()) is not None:
            n += k
        await f
        s.n += 1
        ev, box = asyncio.Event(), Sess()

        def other():
            box.use(3)
            loop.call_soon_threadsafe(ev.set)

        t = threading.Thread(target=other)
        t.start()
        await ev.wait()
        box.use(4)
        t.join()
        done = asyncio.Event()
        res = {}

        def cb(fut):
            res["v"] = fut.result()
            res["v"] += 1
            loop.call_soon_threadsafe(done.set)

        pool.submit(box.use, 7).add_done_callback(cb)
        await done.wait()
        res["v"] += 1
        box.use(1)
        cond, items = asyncio.Condition(), []

        async def eat():
            async with cond:
                await cond.wait_for(lambda: items)
                items.pop().n += 1

        async def feed():
            x = Sess()
            await asyncio.to_thread(x.use, 3)
            async with cond:
                items.append(x)
                cond.notify()

        await asyncio.gather(eat(), feed())
        sem = asyncio.Semaphore(1)
        tot = Sess()

        async def lim():
            async with sem:
                await asyncio.to_thread(tot.use, 1)
                tot.n += 1

        await asyncio.gather(*(lim() for _ in range(4)))
    return sum(s.n for s in r), tot.n


outs = []


def run():
    outs.append(asyncio.run(main()))


ts = [threading.Thread(target=run) for _ in range(2)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(outs)
loop = asyncio.new_event_loop()
st = Sess()
t = threading.Thread(target=loop.run_forever)
t.start()


async def co(k):
    st.use(k)
    await asyncio.sleep(0)
    return st.n


for k in range(3):
    asyncio.run_coroutine_threadsafe(co(k), loop).result()
loop.call_soon_threadsafe(loop.stop)
t.join()
st.n += 1
loop.close()
print(st.n)
print("end")
