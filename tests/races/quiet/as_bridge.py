"""asyncio and threads: executors, call_soon_threadsafe, run_coroutine_threadsafe, a queue
across."""

import asyncio
import concurrent.futures
import queue
import threading


class Hub:
    def __init__(self):
        self.loop = None
        self.thread = None
        self.clients = {}
        self.sent = 0
        self.log = []

    def start(self):
        ready = threading.Event()

        def run():
            async def main():
                self.loop = asyncio.get_running_loop()
                self.stopping = asyncio.Event()
                self.inbox = asyncio.Queue()
                ready.set()
                worker = asyncio.create_task(self.work())
                await self.stopping.wait()
                await self.inbox.put(None)
                await worker

            asyncio.run(main())

        self.thread = threading.Thread(target=run)
        self.thread.start()
        ready.wait()

    async def work(self):
        while True:
            item = await self.inbox.get()
            if item is None:
                return
            item["seen"] = True
            self.sent += 1
            self.log.append(item["text"])
            done = item.get("done")
            if done is not None:
                done.set_result(dict(item))

    async def join(self, name):
        self.clients[name] = self.clients.get(name, 0) + 1
        await asyncio.sleep(0)
        return self.clients[name]

    def send(self, text):
        done = concurrent.futures.Future()
        self.loop.call_soon_threadsafe(self.inbox.put_nowait, {"text": text, "done": done})
        return done

    def stop(self):
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join()


hub = Hub()
hub.start()


def client(n):
    for at in range(5):
        joined = asyncio.run_coroutine_threadsafe(hub.join(n), hub.loop).result()
        assert joined == at + 1
        found = hub.send(f"{n}-{at}").result()
        assert found["seen"]
        found["mine"] = n


threads = [threading.Thread(target=client, args=(n,)) for n in range(3)]
for t in threads:
    t.start()
for t in threads:
    t.join()
hub.stop()
print(hub.sent, sorted(hub.clients.items()))


class Model:
    def __init__(self):
        self.rows, self.version = [], 0

    def load(self, n):
        self.rows.append(n)
        self.version += 1
        return self.version


async def main():
    model = Model()
    for n in range(3):
        await asyncio.to_thread(model.load, n)
        model.version += 1
    loop = asyncio.get_running_loop()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        models = [Model() for _ in range(4)]
        await asyncio.gather(*(loop.run_in_executor(pool, each.load, 1) for each in models))
        for each in models:
            each.version += 1
    lock = asyncio.Lock()

    async def one(n):
        async with lock:
            await asyncio.to_thread(model.load, n)

    await asyncio.gather(*(one(n) for n in range(4)))
    print(model.version)
    q = queue.Queue()

    async def feed():
        for n in range(5):
            job = Model()
            job.load(n)
            q.put(job)
            await asyncio.sleep(0)
        q.put(None)

    def eat():
        total = 0
        while (job := q.get()) is not None:
            job.version += 1
            total += job.version
        return total

    found, _ = await asyncio.gather(asyncio.to_thread(eat), feed())
    print(found)


asyncio.run(main())
print("end")
