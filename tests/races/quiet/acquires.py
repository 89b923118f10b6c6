"""Locks that are tried, taken with a timeout, in a finally, under a nested function, given to a
helper, in a list."""

import contextlib
import threading


class S:
    n = 0
    m = 0
    k = 0
    items = None


s = S()
s.items = []
la, lb, locks = threading.Lock(), threading.RLock(), [threading.Lock() for _ in range(2)]


@contextlib.contextmanager
def locked(lock, timeout=5):
    if not lock.acquire(timeout=timeout):
        raise TimeoutError
    try:
        yield
    finally:
        lock.release()


def helper(lock, f):
    lock.acquire()
    try:
        return f()
    finally:
        lock.release()


def bump():
    s.n += 1
    s.items.append(s.n)
    return s.n


def try_(f):
    while not la.acquire(blocking=False):
        pass
    try:
        f()
    finally:
        la.release()


class With:
    def __init__(self):
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        for lock in locks:
            self.stack.enter_context(lock)

    def __exit__(self, *a):
        self.stack.__exit__(*a)


def both():
    s.k += 1
    s.items and s.items[-1]


def gen():
    with lb:
        s.m += 1
        yield s.m
        s.m += 1


def work():
    for _ in range(10):
        helper(la, bump)
        try_(bump)
        with locked(la):
            bump()
        with With():
            both()
        with contextlib.ExitStack() as st:
            for lock in reversed(locks[:0]):
                st.enter_context(lock)
            st.enter_context(locks[0])
            both() if False else None
        for _ in gen():
            _ = s.m
        with lb, lb:
            if s.m % 2:
                s.m -= 1


ts = [threading.Thread(target=work) for _ in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(s.n, s.k)
print("end")
