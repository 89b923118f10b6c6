"""Forks while other threads hold locks and start threads: every child runs and ends."""

import os
import signal
import time
import traceback
import warnings

from common import PATIENCE, Ledger, joined, main, module

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


def torture(long, chance):
    threading, ledger = module(), Ledger()
    held(threading, 1500 if long else 60, chance, ledger)
    starting(threading, 6000 if long else 60, chance, ledger)
    return ledger


if __name__ == "__main__":
    main(torture)
