"""Forks while other threads hold locks and start threads: every child runs and ends."""

import os
import signal
import subprocess
import sys
import time
import traceback
import warnings

from common import PATIENCE, PRELUDE, SUBJECT, Ledger, joined, main, module

warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 on: this process has threads


def child(threading, locks):
    """Everything that a forked program may do with what it inherited and with new things."""
    for each in locks:
        each._at_fork_reinit()
    lock, rlock, condition, event = locks
    with lock, rlock, condition:
        condition.notify_all()
        assert condition.wait(0) is False
    event.set()
    assert event.wait(0)
    done, barrier = threading.Semaphore(0), threading.Barrier(2)

    def work():
        with lock, rlock:
            done.release()
        barrier.wait()

    thread = threading.Thread(target=work)
    thread.start()
    assert done.acquire(timeout=PATIENCE)
    barrier.wait(PATIENCE)
    thread.join(PATIENCE)
    assert threading.active_count() == 1
    assert threading.main_thread() is threading.current_thread()


def fork(threading, locks):
    """Fork once; return the child's exit code, or None when it hung."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            signal.alarm(int(PATIENCE))
            child(threading, locks)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    limit = time.monotonic() + PATIENCE
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > limit:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return None
        time.sleep(0.0002)


def forks(threading, locks, count, chance, ledger, kind):
    """Fork from the main thread and from others; every child has to end well."""
    codes = []
    for _ in range(count):
        if chance.random() < 0.7:
            codes.append(fork(threading, locks))
            ledger.add(f"{kind} of the main thread")
        else:
            forker = threading.Thread(target=lambda: codes.append(fork(threading, locks)))
            forker.start()
            joined([forker])
            ledger.add(f"{kind} of another")
    assert codes == [0] * count, f"children ended with { {c for c in codes if c != 0} }"


def held(threading, count, chance, ledger):
    """Fork while other threads hold locks and wait for them."""
    locks = [threading.Lock(), threading.RLock(), threading.Condition(), threading.Event()]
    lock, rlock, condition, event = locks
    stop, turns = threading.Event(), [0] * 4

    def churn(me):
        pause = threading.Event()
        while not stop.is_set():
            with lock:
                pause.wait(1e-5)
            with rlock, rlock:
                pass
            with condition:
                condition.notify_all()
                condition.wait(1e-5)
            event.set()
            event.clear()
            turns[me] += 1

    churners = [threading.Thread(target=churn, args=(n,)) for n in range(4)]
    blocked = [threading.Thread(target=threading.Event().wait, daemon=True) for _ in range(4)]
    for each in churners + blocked:
        each.start()
    try:
        forks(threading, locks, count, chance, ledger, "forks")
    finally:
        stop.set()
        joined(churners)
    assert all(turns), f"a thread of the parent stood still: {turns}"
    ledger.add("turns of the parent's threads", sum(turns))


def starting(threading, count, chance, ledger):
    """Fork while other threads start threads: some are always between two system calls."""
    locks = [threading.Lock(), threading.RLock(), threading.Condition(), threading.Event()]
    stop, turns = threading.Event(), [0] * 3

    def begin(me):
        begun = []
        while not stop.is_set():
            begun.append(threading.Thread(target=int, daemon=True))
            begun[-1].start()
            if len(begun) == 8:  # so that they do not pile up
                joined(begun)
                begun.clear()
            turns[me] += 1

    starters = [threading.Thread(target=begin, args=(n,)) for n in range(3)]
    for each in starters:
        each.start()
    try:
        forks(threading, locks, count, chance, ledger, "forks among starts")
    finally:
        stop.set()
        joined(starters)
    assert all(turns), f"a thread of the parent stood still: {turns}"
    ledger.add("starts", sum(turns))


MODULES = {
    "raddle": "from raddle import queue, futures\n",
    "installed": "import queue, concurrent.futures as futures\n",
    "stdlib": "import queue, concurrent.futures as futures\n",
}[SUBJECT]

FIRST = """
import os, sys, warnings
warnings.simplefilter("ignore")
sys.setswitchinterval(1e-4)
futures.ThreadPoolExecutor, futures.Future  # what is imported is imported
class Foreign:
    def acquire(self, *_): return True
    def release(self): pass
    def _is_owned(self): return True
    def locked(self): return True
    def __enter__(self): pass
    def __exit__(self, *_): pass
class Future(futures.Future): pass
class Semaphore(threading.Semaphore): pass
def fails(function, *args):
    try:
        function(*args)
    except Exception:
        pass
def submit():
    pool = futures.ThreadPoolExecutor(1)
    assert pool.submit(abs, -1).result(60) == 1
    pool.shutdown()
def opened():
    q = queue.Queue()
    q.mutex, q.not_empty, q.queue
    q.put(1), q.get(), q.task_done(), q.join(), q.qsize(), q.empty(), q.full()
    h = queue.PriorityQueue()
    h.queue
    h.put(2), h.put(1)
    assert h.get() == 1
    fails(q.get, False), fails(queue.Queue(1).get, True, 0.0001)
def waits():
    f = Future()
    f._condition
    f.add_done_callback(id), f.set_running_or_notify_cancel(), f.set_result(1), f.result(1)
    futures.wait([f])
    c = threading.Condition(Foreign())
    with c: c.notify_all(), c.wait(0.0001), c.wait_for(lambda: True)
def errors():
    b = threading.Barrier(2)
    fails(b.wait, 0), fails(threading.Semaphore().release, "x")
    fails(threading.Event().wait, "x")
    with Semaphore(): threading.current_thread()
    fails(queue.Queue().task_done), fails(futures.Future().set_exception, 1)
    fails(threading.Lock().acquire, "x", [], 1), fails(threading.Event, 1, 2)
threading.excepthook = lambda arguments: None
def dies():
    gate = threading.Event()
    def die():
        gate.wait()
        raise ValueError
    dying = [threading.Thread(target=die, daemon=True) for _ in range(3)]
    for thread in dying: thread.start()
    gate.set()
    for thread in dying: thread.join()
uses = [submit, opened, waits, errors, dies]
go, stop = threading.Event(), []
def run(me):
    go.wait()
    while not stop:
        for n in range(len(uses)): uses[(me + n) % len(uses)]()
def spin():
    go.wait()
    while not stop: pass
for me in range(4):
    threading.Thread(target=run, args=(me,), daemon=True).start()
    threading.Thread(target=spin, daemon=True).start()
go.set()
for _ in range(int(sys.argv[1])): pass
pid = os.fork()
if pid == 0:
    for use in uses: use()
    os._exit(0)
import time
limit = time.monotonic() + 60
while not (ended := os.waitpid(pid, os.WNOHANG))[0]:
    if time.monotonic() > limit:
        os.kill(pid, 9), os.waitpid(pid, 0)
        os._exit(7)
    time.sleep(0.001)
os._exit(os.waitstatus_to_exitcode(ended[1]))
"""


def first_uses(count, chance, ledger):
    """Fork while other threads use everything for the first time, in a fresh process each."""
    for _ in range(count):
        pause = str(chance.choice([0, 1000, 30_000, 300_000]))
        done = subprocess.run(
            [sys.executable, "-c", PRELUDE + MODULES + FIRST, pause],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode != 7, "a child hung in what its parent used for the first time"
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), (
            f"exit code {done.returncode}, {done.stdout!r}, {done.stderr!r}"
        )
        ledger.add("forks among first uses")


def torture(long, chance):
    threading, ledger = module(), Ledger()
    # (Without a GIL the interpreter's own fork handlers may hang: an object's lock may just
    # have been handed to a thread that the child does not have.)
    if getattr(sys, "_is_gil_enabled", lambda: True)():
        first_uses(2000 if long else 40, chance, ledger)
    held(threading, 1500 if long else 60, chance, ledger)
    starting(threading, 6000 if long else 60, chance, ledger)
    return ledger


if __name__ == "__main__":
    main(torture)
