"""A ticket lock, a fair lock of events, a semaphore of a condition, a monitor class, a
turnstile."""

import collections
import threading


class Ticket:
    def __init__(self):
        self.cond, self.next, self.now = threading.Condition(), 0, 0

    def __enter__(self):
        with self.cond:
            mine = self.next
            self.next += 1
            while self.now != mine:
                self.cond.wait()

    def __exit__(self, *_):
        with self.cond:
            self.now += 1
            self.cond.notify_all()


class Fair:
    def __init__(self):
        self.lock, self.waiting, self.held = threading.Lock(), collections.deque(), False

    def acquire(self):
        with self.lock:
            if not self.held:
                self.held = True
                return
            mine = threading.Event()
            self.waiting.append(mine)
        mine.wait()

    def release(self):
        with self.lock:
            if self.waiting:
                self.waiting.popleft().set()
            else:
                self.held = False

    def __enter__(self):
        self.acquire()

    def __exit__(self, *_):
        self.release()


class Sem:
    def __init__(self, n):
        self.cond, self.n = threading.Condition(), n

    def __enter__(self):
        with self.cond:
            self.cond.wait_for(lambda: self.n > 0)
            self.n -= 1

    def __exit__(self, *_):
        with self.cond:
            self.n += 1
            self.cond.notify()


class Owner:
    """A reentrant lock with the owner's name."""

    def __init__(self):
        self.cond, self.owner, self.depth = threading.Condition(threading.Lock()), None, 0

    def __enter__(self):
        me = threading.get_ident()
        with self.cond:
            if self.owner == me:
                self.depth += 1
                return
            while self.owner is not None:
                self.cond.wait()
            self.owner, self.depth = me, 1

    def __exit__(self, *_):
        with self.cond:
            self.depth -= 1
            if self.depth == 0:
                self.owner = None
                self.cond.notify()


class Chopstick:
    def __init__(self):
        self.lock = threading.Lock()

    def __enter__(self):
        if not self.lock.acquire(timeout=10):
            raise TimeoutError

    def __exit__(self, *_):
        self.lock.release()


class Box:
    n, items, best = 0, (), None


def work(lock, box, me):
    for _at in range(6):
        with lock:
            box.n += 1
            box.items = (*box.items, me)
            if box.best is None or me > box.best:
                box.best = me
            if isinstance(lock, Owner):
                with lock:
                    box.n += 0


for kind in (Ticket, Fair, lambda: Sem(1), Owner, Chopstick):
    lock, box = kind(), Box()
    ts = [threading.Thread(target=work, args=(lock, box, n)) for n in range(3)]
    for t in ts:
        t.start()
    for t in ts:
        t.join()
    print(box.n, len(box.items), box.best)
print("end")
