"""Coroutines stepped by a pool of threads by hand, each by one thread at a time."""

import queue
import threading


class Task:
    def __init__(self, gen):
        self.gen, self.steps, self.value = gen, 0, None


class Scheduler:
    def __init__(self, n):
        self.ready, self.left, self.lock, self.end = (
            queue.Queue(),
            0,
            threading.Lock(),
            threading.Event(),
        )
        self.ts = [threading.Thread(target=self.run) for _ in range(n)]

    def spawn(self, gen):
        with self.lock:
            self.left += 1
        self.ready.put(Task(gen))

    def run(self):
        while (t := self.ready.get()) is not None:
            try:
                t.value = t.gen.send(t.value)
                t.steps += 1
                self.ready.put(t)
            except StopIteration as s:
                t.value = s.value
                out.append(t)
                with self.lock:
                    self.left -= 1
                    last = not self.left
                if last:
                    self.end.set()


out = []


class State:
    n = 0


def job(k):
    st = State()
    total = 0
    for i in range(k):
        st.n += i
        total += st.n
        x = yield i
        total += x

    def inner():
        nonlocal total
        total += 1
        return total

    yield inner()
    return total


s = Scheduler(3)
for k in range(6):
    s.spawn(job(k))
for t in s.ts:
    t.start()
s.end.wait()
for _ in s.ts:
    s.ready.put(None)
for t in s.ts:
    t.join()
print(sorted(t.value for t in out))
print("end")
