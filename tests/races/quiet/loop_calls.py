"""A thread hands objects to an event loop, which counts in its own thread alone."""

import asyncio
import threading


class Gauge:
    def __init__(self):
        self.value = 0
        self.samples = []
        self.complete = asyncio.Event()

    def add(self, sample):
        sample["seen"] = True
        self.value += sample["value"]
        self.samples.append(sample)
        if len(self.samples) == 4:
            self.complete.set()

    async def double(self):
        self.value *= 2
        return self.value


def measure(loop, gauge, values):
    for value in values:
        sample = {"value": 0, "seen": False}
        sample["value"] += value
        loop.call_soon_threadsafe(gauge.add, sample)


async def main():
    gauge = Gauge()
    loop = asyncio.get_running_loop()
    threads = [
        threading.Thread(target=measure, args=(loop, gauge, values))
        for values in ([1, 2], [3, 4])
    ]
    for thread in threads:
        thread.start()
    await gauge.complete.wait()
    out = []

    def ask():
        future = asyncio.run_coroutine_threadsafe(gauge.double(), loop)
        out.append(future.result())

    await asyncio.to_thread(ask)
    gauge.value += 1
    print(out, gauge.value, all(sample["seen"] for sample in gauge.samples))


asyncio.run(main())
print("end")
