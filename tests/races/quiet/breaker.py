"""A circuit breaker with states as objects, a bulkhead, a retry with backoff, health checks by
a thread."""

import contextlib
import enum
import threading
import time


class State(enum.Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF = "half"


class Breaker:
    def __init__(self, most, wait):
        (
            self._lock,
            self._state,
            self._failures,
            self._opened,
            self.most,
            self.wait,
            self.listeners,
        ) = threading.RLock(), State.CLOSED, 0, None, most, wait, []

    @property
    def state(self):
        with self._lock:
            if self._state is State.OPEN and time.monotonic() - self._opened >= self.wait:
                self._set(State.HALF)
            return self._state

    def _set(self, state):
        old, self._state = self._state, state
        for each in self.listeners:
            each(old, state)

    def call(self, function, *args):
        with self._lock:
            if self.state is State.OPEN:
                raise PermissionError
        try:
            value = function(*args)
        except Exception:
            self._failed()
            raise
        self._worked()
        return value

    def _failed(self):
        with self._lock:
            self._failures += 1
            if self._failures >= self.most or self._state is State.HALF:
                self._set(State.OPEN)
                self._opened = time.monotonic()

    def _worked(self):
        with self._lock:
            self._failures = 0
            if self._state is State.HALF:
                self._set(State.CLOSED)


class Bulkhead:
    def __init__(self, n):
        self.sem, self.lock, self.now, self.peak = (
            threading.BoundedSemaphore(n),
            threading.Lock(),
            0,
            0,
        )

    @contextlib.contextmanager
    def enter(self):
        with self.sem:
            with self.lock:
                self.now += 1
                self.peak = max(self.peak, self.now)
            try:
                yield
            finally:
                with self.lock:
                    self.now -= 1


changes, cl = [], threading.Lock()


def changed(old, new):
    with cl:
        changes.append((old, new))


breaker, bulkhead = Breaker(3, 0.001), Bulkhead(2)
breaker.listeners.append(changed)
calls = {"n": 0}
nl = threading.Lock()


def service():
    with nl:
        calls["n"] += 1
        n = calls["n"]
    if n % 5 < 3:
        raise OSError(n)
    return n


results = []


def work():
    for _ in range(10):
        with bulkhead.enter():
            for _at in range(4):
                try:
                    results.append(breaker.call(service))
                    break
                except PermissionError:
                    time.sleep(0.0005)
                except OSError:
                    pass


def health(stop, out):
    while not stop.wait(0.001):
        out.append(breaker.state)


stop, out = threading.Event(), []
h = threading.Thread(target=health, args=(stop, out))
h.start()
ts = [threading.Thread(target=work) for _ in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
stop.set()
h.join()
print(bulkhead.peak <= 2, bulkhead.now)
print("end")
