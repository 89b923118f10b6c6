"""Life cycle: start, pause, resume and stop of a worker under locks, events and is_alive."""

import enum
import queue
import threading
import time


class State(enum.Enum):
    NEW = 0
    RUNNING = 1
    PAUSED = 2
    STOPPED = 3


class Worker:
    def __init__(self):
        self._lock = threading.Lock()
        self._resume = threading.Condition(self._lock)
        self._state = State.NEW
        self._thread = None
        self.jobs = queue.Queue()
        self.done = []
        self.error = None

    def start(self):
        with self._lock:
            if self._state is not State.NEW:
                return False
            self._state = State.RUNNING
            self._thread = threading.Thread(target=self._run)
            self._thread.start()
            return True

    def pause(self):
        with self._lock:
            if self._state is State.RUNNING:
                self._state = State.PAUSED

    def resume(self):
        with self._resume:
            if self._state is State.PAUSED:
                self._state = State.RUNNING
                self._resume.notify_all()

    def stop(self):
        with self._resume:
            if self._state in (State.NEW, State.STOPPED):
                return
            self._state = State.STOPPED
            self._resume.notify_all()
            thread = self._thread
        self.jobs.put(None)
        thread.join()

    def _run(self):
        try:
            while True:
                job = self.jobs.get()
                with self._resume:
                    while self._state is State.PAUSED:
                        self._resume.wait()
                if job is None:
                    return
                job["by"] = threading.current_thread().name
                self.done.append(job)
                if job["n"] == 99:
                    raise ValueError(job)
        except Exception as e:
            self.error = e

    @property
    def state(self):
        with self._lock:
            return self._state


w = Worker()
ts = [threading.Thread(target=w.start) for _ in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()


def control():
    for _ in range(5):
        w.pause()
        _ = w.state
        w.resume()


c = threading.Thread(target=control)
c.start()
for n in range(10):
    w.jobs.put({"n": n})
c.join()
w.stop()
print(len(w.done), w.state, w.error)


class Result:
    value = None


r = Result()


def compute():
    r.value = {"x": 1}


t = threading.Thread(target=compute)
t.start()
while t.is_alive():
    time.sleep(0.001)
r.value["x"] += 1
t = threading.Thread(target=compute)
t.start()
while True:
    t.join(0.001)
    if not t.is_alive():
        break
r.value["y"] = 1
e = threading.Event()


def later():
    r.value = {"z": 3}
    e.set()


t = threading.Thread(target=later, daemon=True)
t.start()
while not e.is_set():
    time.sleep(0.001)
r.value["z"] += 1
print(r.value)
t.join()
sem = threading.Semaphore(0)
shared = []


def producer():
    for n in range(5):
        shared.append({"n": n})
        sem.release()


t = threading.Thread(target=producer)
t.start()
for n in range(5):
    sem.acquire()
    shared[n]["n"] += 1
t.join()
mutex = threading.BoundedSemaphore(1)
total = {"n": 0}
best = None


def add(n):
    global best
    for _ in range(5):
        with mutex:
            total["n"] += 1
            if best is None or best < n:
                best = n


ts = [threading.Thread(target=add, args=(n,)) for n in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(total, best)
print("end")
