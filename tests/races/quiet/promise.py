"""Promises with callbacks and chaining, under a condition."""

import threading
from concurrent.futures import ThreadPoolExecutor


class Promise:
    def __init__(self):
        self._cond = threading.Condition()
        self._callbacks = []
        self._state = "pending"
        self._value = None
        self._error = None

    def resolve(self, value):
        self._finish("done", value=value)

    def reject(self, error):
        self._finish("failed", error=error)

    def _finish(self, state, value=None, error=None):
        with self._cond:
            if self._state != "pending":
                raise RuntimeError("twice")
            self._state = state
            self._value, self._error = value, error
            callbacks, self._callbacks = self._callbacks, []
            self._cond.notify_all()
        for each in callbacks:
            each(self)

    def on_done(self, function):
        with self._cond:
            if self._state == "pending":
                self._callbacks.append(function)
                return
        function(self)

    def then(self, function):
        new = Promise()

        def go(promise):
            if promise._error is not None:
                new.reject(promise._error)
                return
            try:
                new.resolve(function(promise._value))
            except Exception as error:
                new.reject(error)

        self.on_done(go)
        return new

    def get(self, timeout=None):
        with self._cond:
            if not self._cond.wait_for(lambda: self._state != "pending", timeout):
                raise TimeoutError
        if self._error is not None:
            raise self._error
        return self._value


def gather(promises):
    whole = Promise()
    results, lock, left = [None] * len(promises), threading.Lock(), [len(promises)]

    def settle(at):
        def done(promise):
            results[at] = promise._value
            with lock:
                left[0] -= 1
                last = not left[0]
            if last:
                whole.resolve(results)

        return done

    for at, each in enumerate(promises):
        each.on_done(settle(at))
    return whole


with ThreadPoolExecutor(3) as pool:

    def run(function, *args):
        promise = Promise()

        def go():
            try:
                promise.resolve(function(*args))
            except Exception as error:
                promise.reject(error)

        pool.submit(go)
        return promise

    all_of = gather([run(pow, n, 2).then(lambda value: {"value": value}) for n in range(10)])
    found = all_of.then(lambda them: sum(each["value"] for each in them))
    bad = run(divmod, 1, 0).then(print)
    print(found.get())
    try:
        bad.get()
    except ZeroDivisionError as error:
        error.add_note("seen")
        print("error")
print("end")
