"""A decorator counts the calls of a function on the function itself."""

# race: update function.calls

import functools
import threading


def counted(function):
    @functools.wraps(function)
    def wrapper(*args):
        wrapper.calls += 1  # racing
        return function(*args)

    wrapper.calls = 0
    return wrapper


@counted
def ping(number):
    return number


threads = [threading.Thread(target=ping, args=(number,)) for number in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(ping.calls > 0)
print("end")
