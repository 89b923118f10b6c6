"""A decorator counts the calls of a function in a closure. A call can be missed."""

# race: update calls in counted()

import functools
import threading


def counted(function):
    calls = 0

    @functools.wraps(function)
    def wrapper(*args):
        nonlocal calls
        calls += 1  # racing
        return function(*args)

    wrapper.calls = lambda: calls
    return wrapper


@counted
def square(number):
    return number * number


threads = [threading.Thread(target=square, args=(n,)) for n in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(square.calls())
print("end")
