"""Exceptions that go from thread to thread, an excepthook, futures with errors, retry,
cancel."""

import queue
import sys
import threading
import traceback
from concurrent.futures import Future, ThreadPoolExecutor, wait


class JobError(Exception):
    def __init__(self, job):
        super().__init__(job)
        self.job, self.attempts, self.notes = job, 0, []


def fail(job):
    e = JobError(job)
    e.attempts += 1
    e.notes.append("made")
    raise e


hooked = []


def hook(args):
    args.exc_value.attempts += 1
    hooked.append(args.exc_value)


threading.excepthook = hook
t = threading.Thread(target=fail, args=(1,))
t.start()
t.join()
hooked[0].attempts += 1
print(hooked[0].attempts)
with ThreadPoolExecutor(2) as pool:
    fs = [pool.submit(fail, n) for n in range(5)]
    for f in fs:
        try:
            f.result()
        except JobError as e:
            e.attempts += 1
            e.notes.append("seen")
            e.add_note("x")
    e = fs[0].exception()
    e.attempts += 1
    print(e.attempts)
errors = queue.Queue()


def guard(n):
    try:
        fail(n)
    except JobError as e:
        e.attempts += 1
        errors.put((e, sys.exc_info()))


ts = [threading.Thread(target=guard, args=(n,)) for n in range(3)]
for t in ts:
    t.start()
for _ in ts:
    e, info = errors.get()
    e.attempts += 1
    traceback.format_exception(e)
for t in ts:
    t.join()


class Worker(threading.Thread):
    def __init__(self, f, *a):
        super().__init__()
        self.f, self.a, self.exc, self.ret = f, a, None, None

    def run(self):
        try:
            self.ret = self.f(*self.a)
        except BaseException as e:
            self.exc = e

    def join(self, timeout=None):
        super().join(timeout)
        if self.exc:
            raise self.exc
        return self.ret


w = Worker(fail, 9)
w.start()
try:
    w.join()
except JobError as e:
    e.attempts += 1
    print(e.attempts)


class Retry:
    def __init__(self, pool, f, n):
        self.pool, self.f, self.left, self.future, self.tries = pool, f, n, Future(), 0

    def go(self):
        self.pool.submit(self.f).add_done_callback(self.done)
        return self.future

    def done(self, f):
        self.tries += 1
        self.left -= 1
        if f.exception() is None:
            self.future.set_result(f.result())
        elif self.left:
            self.go()
        else:
            self.future.set_exception(f.exception())


count = {"n": 0}


def flaky():
    count["n"] += 1
    if count["n"] < 3:
        raise OSError
    return count["n"]


with ThreadPoolExecutor(2) as pool:
    r = Retry(pool, flaky, 5)
    print(r.go().result(), r.tries)
    gate = threading.Event()
    fs = [pool.submit(gate.wait) for _ in range(2)] + [pool.submit(fail, 1) for _ in range(3)]
    state = {"cancelled": 0}
    lock = threading.Lock()

    def cb(f):
        with lock:
            state["cancelled"] += f.cancelled()

    for f in fs:
        f.add_done_callback(cb)
    for f in fs[2:]:
        f.cancel()
    gate.set()
    wait(fs)
print(state)
print("end")
