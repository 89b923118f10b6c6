"""Executors under load: every call that was accepted is made once, or cancelled, never lost.

Threads submit, cancel, wait and add callbacks, calls submit calls, destructors submit, signals
reach the main thread, some callbacks raise KeyboardInterrupt, and executors are shut down in
every way in the middle of it, or just let go. At the end the books have to balance.
"""

import contextlib
import gc
import logging
import signal
import threading as stock_threading
import time

from common import PATIENCE, PRELUDE, SUBJECT, Ledger, joined, main, module

ENDS = ("shutdown", "cancel", "let go", "do not wait", "from a call")


def futures_module():
    """Return the `concurrent.futures` under torture."""
    namespace = {}
    home = "raddle" if SUBJECT == "raddle" else "concurrent"
    exec(f"{PRELUDE}from {home} import futures\n", namespace)
    return namespace["futures"]


class Books:
    """What became of the calls; lists are only appended to, from any thread."""

    def __init__(self):
        self.accepted, self.made, self.told, self.refused = [], [], [], []
        self.lock, self.count = stock_threading.RLock(), 0

    def key(self):
        """Return a number that no other call has."""
        with self.lock:  # (Destructors come here, too.)
            self.count += 1
            return self.count


class Garbage:
    """Submits when it is collected, as a client that says goodbye in its destructor."""

    def __init__(self, submit):
        self.me, self.submit = self, submit

    def __del__(self):
        self.submit()


def work(books, key, chance, submit):
    """A call: notes that it was made, and may take its time, fail, or submit another."""
    books.made.append(key)
    way = chance % 16
    if way == 0:
        time.sleep(0.0002)
    elif way == 1:
        raise KeyError(key)
    elif way == 2:
        submit(chance // 16)
    elif way == 3:
        Garbage(lambda: submit(15))
    return key


def submitter(executor, books):
    """Return a function that submits a call, keeps the books, and says whether it could."""
    submit = executor.submit

    def once(chance):
        key = books.key()
        try:
            future = submit(work, books, key, chance, once)
        except RuntimeError:
            books.refused.append(key)
            return None
        books.accepted.append((key, future))
        future.add_done_callback(lambda f: books.told.append(key))
        if chance % 31 == 0:
            with contextlib.suppress(KeyboardInterrupt):  # If it is done already.
                future.add_done_callback(interrupt)
        return future

    return once


def interrupt(future):
    raise KeyboardInterrupt


def feed(once, count, chance, futures):
    """Submit `count` calls in one way or another, and do something with most of them."""
    waiting = []
    for _ in range(count):
        future = once(chance.randrange(10**6))
        if future is None:
            return
        way = chance.randrange(12)
        try:
            if way == 0:
                future.cancel()
            elif way == 1:
                future.exception(chance.random() * 0.0004)
            elif way == 2 and waiting:
                futures.wait(waiting, 0.0005, return_when=futures.FIRST_COMPLETED)
            elif way == 3 and waiting:
                for _ in futures.as_completed(waiting, 0.0005):
                    pass
            elif way == 4:
                assert future._condition
        except (futures.TimeoutError, futures.CancelledError, KeyboardInterrupt):
            pass
        waiting.append(future)
        del waiting[:-20]


def settle(futures, books):
    """Wait for what was accepted; return how many calls ended in which way.

    What calls leave behind submits when it is collected: here, not while the books are read.
    """
    ends = {"made": 0, "failed": 0, "cancelled": 0}
    limit = time.monotonic() + PATIENCE
    count = 0
    while count < len(books.accepted):
        for key, future in books.accepted[count:]:
            try:
                assert future.result(max(0, limit - time.monotonic())) == key
                ends["made"] += 1
            except KeyError:
                ends["failed"] += 1
            except futures.CancelledError:
                ends["cancelled"] += 1
            except futures.TimeoutError:
                raise AssertionError(f"{key} was lost: {future!r}") from None
            count += 1
        gc.collect()
    return ends


def soak(threading, futures, chance, count, ledger):
    """Let threads submit `count` calls each to one executor, end it, and balance the books."""
    books, failures = Books(), []
    executor = futures.ThreadPoolExecutor(chance.randrange(1, 5))
    once = submitter(executor, books)

    def guarded(once, seed):
        try:
            feed(once, count, seed, futures)
        except BaseException as error:
            failures.append(error)

    feeders = [
        threading.Thread(target=guarded, args=(once, seed), daemon=True)
        for seed in [type(chance)(chance.random()) for _ in range(chance.randrange(1, 5))]
    ]
    for each in feeders:
        each.start()
    way = chance.choice(ENDS)
    if chance.random() < 0.5:
        time.sleep(chance.random() * 0.02)
    else:
        joined(feeders)
    if way == "from a call":
        try:
            executor.submit(executor.shutdown, wait=False)
        except RuntimeError as error:
            raise AssertionError(f"refused before its end: {error}") from error
    elif way == "let go":
        joined(feeders)
    else:
        with contextlib.suppress(KeyboardInterrupt):  # Of the callback of a cancelled call.
            executor.shutdown(wait=way != "do not wait", cancel_futures=way == "cancel")
    workers = list(executor._threads)
    joined(feeders)
    del executor, once
    ends = settle(futures, books)
    assert not failures, f"{way}: {failures}"
    made = set(books.made)
    assert len(made) == len(books.made), f"{way}: a call was made twice"
    assert len(made) == ends["made"] + ends["failed"], f"{way}: {ends}, {len(made)} made"
    cancelled = {key for key, future in books.accepted if future.cancelled()}
    assert not cancelled & made, f"{way}: a cancelled call was made"
    limit = time.monotonic() + PATIENCE
    while len(books.told) < len(books.accepted) and time.monotonic() < limit:
        time.sleep(0.001)  # A callback may come after the result.
    assert sorted(books.told) == sorted(key for key, _ in books.accepted), f"{way}: callbacks"
    books.accepted.clear()  # What calls have raised refers to the executor.
    limit = time.monotonic() + PATIENCE
    while any(each.is_alive() for each in workers):
        assert time.monotonic() < limit, f"{way}: the workers did not end"
        gc.collect()
    for name, number in ends.items():
        ledger.add(name, number)
    ledger.add("refused", len(books.refused))


def torture(long, chance):
    threading, futures, ledger = module(), futures_module(), Ledger()
    logging.disable(logging.CRITICAL)  # KeyboardInterrupts in callbacks are logged.
    signals = []
    signal.signal(signal.SIGALRM, lambda *_: signals.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.003, 0.003)
    end = time.monotonic() + (600 if long else 8)
    while time.monotonic() < end:
        soak(threading, futures, chance, chance.choice([20, 200, 1500]), ledger)
        ledger.add("executors")
    signal.setitimer(signal.ITIMER_REAL, 0)
    ledger.add("signals", len(signals))
    return ledger


if __name__ == "__main__":
    main(torture)
