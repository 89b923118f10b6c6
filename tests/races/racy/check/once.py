"""A decorator calls a function once and keeps the answer. Two first calls both call it."""

# race: check answer in once()
# also: unordered answer in once()

import threading


def once(function):
    answer = None

    def wrapper():
        nonlocal answer
        if answer is None:  # racing
            answer = function()  # racing
        return answer  # racing

    return wrapper


@once
def load():
    return {"theme": "dark"}


threads = [threading.Thread(target=load) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(load())
print("end")
