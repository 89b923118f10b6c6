"""Timers, a scheduler with a heap and a condition, a watchdog and a debounce."""

import heapq
import itertools
import sched
import threading
import time


class Scheduler:
    def __init__(self):
        self._heap, self._cond, self._ids = [], threading.Condition(), itertools.count()
        self._stopped = False
        self.ran = 0
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def after(self, delay, function, *args):
        with self._cond:
            heapq.heappush(
                self._heap, (time.monotonic() + delay, next(self._ids), function, args)
            )
            self._cond.notify()

    def _run(self):
        while True:
            with self._cond:
                while not self._heap and not self._stopped:
                    self._cond.wait()
                if not self._heap:
                    return
                when, _, function, args = self._heap[0]
                left = when - time.monotonic()
                if left > 0:
                    self._cond.wait(left)
                    continue
                heapq.heappop(self._heap)
            function(*args)
            self.ran += 1

    def stop(self):
        with self._cond:
            self._stopped = True
            self._cond.notify()
        self.thread.join()


class Job:
    def __init__(self):
        self.runs, self.text = 0, ""

    def run(self, text):
        self.runs += 1
        self.text += text


scheduler, job = Scheduler(), Job()


def submit(n):
    for at in range(5):
        scheduler.after(0.001 * at, job.run, f"{n}")


threads = [threading.Thread(target=submit, args=(n,)) for n in range(3)]
for t in threads:
    t.start()
for t in threads:
    t.join()
scheduler.stop()
print(scheduler.ran, job.runs, len(job.text))


class Debounce:
    def __init__(self, delay):
        self.lock, self.delay, self.timer, self.calls = threading.Lock(), delay, None, 0
        self.done = threading.Event()

    def call(self):
        with self.lock:
            if self.timer is not None:
                self.timer.cancel()
            self.timer = threading.Timer(self.delay, self._fire)
            self.timer.start()

    def _fire(self):
        with self.lock:
            self.calls += 1
            self.timer = None
        self.done.set()


d = Debounce(0.01)
for _ in range(5):
    d.call()
d.done.wait()


class Watchdog:
    def __init__(self):
        self.lock = threading.Lock()
        self.last = time.monotonic()
        self.stop = threading.Event()
        self.late = 0

    def feed(self):
        with self.lock:
            self.last = time.monotonic()

    def run(self):
        while not self.stop.wait(0.002):
            with self.lock:
                if time.monotonic() - self.last > 5:
                    self.late += 1


w = Watchdog()
t = threading.Thread(target=w.run)
t.start()
for _ in range(5):
    w.feed()
    time.sleep(0.002)
w.stop.set()
t.join()
print(w.late, d.calls >= 1)
out = []
s = sched.scheduler()
s.enterabs(1, 1, out.append, (1,))
s.enterabs(0, 1, out.append, (0,))
t = threading.Thread(target=s.run)
t.start()
t.join()
print(out)
timer = threading.Timer(0.001, out.append, (2,))
timer.start()
timer.join()
out[0] += 1
print(out)
print("end")
