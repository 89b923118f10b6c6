"""Context variables, a context copied to a worker, and per-thread caches."""

import contextvars
import functools
import threading
from concurrent.futures import ThreadPoolExecutor

user = contextvars.ContextVar("user", default=None)


class Request:
    def __init__(self, n):
        self.n, self.steps = n, []
        self.total = 0


class Local(threading.local):
    count = 0

    def __init__(self, name="x"):
        self.name = name
        self.cache = {}
        self.hits = 0


local = Local()


def cached(function):
    @functools.wraps(function)
    def wrapper(n):
        if n not in local.cache:
            local.cache[n] = function(n)
        else:
            local.hits += 1
        local.count += 1
        return local.cache[n]

    return wrapper


@cached
def square(n):
    return n * n


def step(name):
    request = user.get()
    request.steps.append(name)
    request.total += square(len(request.steps))
    request.last = name


def handle(n):
    request = Request(n)
    user.set(request)
    context = contextvars.copy_context()
    for name in ("a", "b"):
        step(name)
        thread = threading.Thread(target=context.run, args=(step, name + name))
        thread.start()
        thread.join()
    return request


threads = []
with ThreadPoolExecutor(3) as pool:
    found = list(pool.map(handle, range(12)))
for request in found:
    assert request.steps == ["a", "aa", "b", "bb"] and request.last == "bb"


def more():
    for n in range(5):
        square(n)
        square(n)
    return local.hits


with ThreadPoolExecutor(3, initializer=more) as pool:
    print(len([pool.submit(more).result() for _ in range(4)]))
print("end")
